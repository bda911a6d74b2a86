import { type Finding, finding } from '../../../../findings/finding.ts'
import { nameOf } from '../../../../lib/repository/flux-file.ts'
import type { FileMetadata, StanzaGroup } from '../../../../lib/sops/reader/reading.ts'
import type { Check } from '../../check.ts'

/** Looks whether kustomize-controller can have the keys of what Flux builds. */
export const checkFileKeys: Check = ({ flux }, sopsFiles) => {
  if (!flux) return []
  const built = sopsFiles.flatMap(({ file, metadata }) => {
    const sources = [...new Set(flux.buildersOf(file).map(({ source }) => source))]
    return metadata && sources.length > 0 ? [{ file, metadata, sources }] : []
  })
  const withAge = built.filter(({ metadata }) => isOpenedBy(metadata, hasAgeKey))
  return built.flatMap(({ file, metadata, sources }): Finding[] => {
    const place = { file, line: metadata.line, column: metadata.column }
    const found: Finding[] = []
    if (metadata.threshold > 1) {
      const [threshold, groups] = [`${metadata.threshold}`, `${metadata.groups.length}`]
      found.push(finding('several-key-groups', place, { threshold, groups }))
    }
    const isUnlike = !isOpenedBy(metadata, (group) => hasAgeKey(group) || hasCloudKey(group))
    // one Kustomization has one key Secret
    const source = sources.find((one) => withAge.some((other) => other.sources.includes(one)))
    if (isUnlike && source)
      found.push(
        finding('no-recipient-for-flux', place, {
          kinds: kindsOf(metadata),
          kustomization: nameOf(source),
          file,
        }),
      )
    return found
  })
}

function isOpenedBy({ groups, threshold }: FileMetadata, opens: (group: StanzaGroup) => boolean): boolean {
  return groups.filter(opens).length >= threshold
}

/** Whether a recipient is one of age itself: neither of SSH nor of a plugin (age v1.3.1 plugin/encode.go). */
function hasAgeKey({ age }: StanzaGroup): boolean {
  return age.some(({ recipient }) => /^age1(?:pq1)?[02-9ac-hj-np-z]+$/.test(recipient))
}

/** Whether a key is one that the controller can use by its own identity. */
function hasCloudKey({ others }: StanzaGroup): boolean {
  return others.some((kind) => kind !== 'pgp')
}

function kindsOf({ groups }: FileMetadata): string {
  const kinds = groups.flatMap(({ age, others }) => [
    ...age.map(({ recipient }) => (recipient.startsWith('ssh-') ? 'SSH' : 'a plugin of age')),
    ...others.map(() => 'PGP'),
  ])
  return [...new Set(kinds)].join(' and ')
}
