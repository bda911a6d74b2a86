import { basename } from 'node:path'
import { secretKeys } from '../../lib/sops/sops.ts'
import { yaml } from '../../lib/yaml/yaml-package.ts'
import type { UsedName } from './names.ts'

/** A creation rule that is to be written. */
export interface NewRule {
  pathRegex: string
  /** Only the values of Secrets are encrypted; else all that is in a file. */
  isForManifests: boolean
  /** Files that it is to select, one of each form. */
  examples: string[]
}

/** What sops writes into its files besides. */
export interface RuleFileSettings {
  recipients: readonly string[]
  indent: number
}

/**
 * The creation rules for the names that a repository uses; those of the quick start where it uses none. YAML and JSON that is no
 * manifest is encrypted as a whole, by a rule of its own before the others, for the first that matches counts.
 */
export function newRules(used: readonly UsedName[]): NewRule[] {
  const isManifest = (one: UsedName) => one.isManifest
  const isTree = ({ ending }: UsedName) => /^(?:ya?ml|json)$/.test(ending)
  const isMarked = ({ marker }: UsedName) => marker !== undefined
  const others = used.filter((one) => !one.isManifest)
  const markedOthers = others.filter((one) => isMarked(one) && !isTree(one))
  const manifests = used.filter((one) => isManifest(one) && isMarked(one))
  const usual = [...manifests, ...markedOthers][0]?.marker ?? 'enc'
  const rules = [
    rule(
      others.filter((one) => isTree(one) || !isMarked(one)),
      false,
      byPath,
    ),
    manifests.length > 0
      ? rule(manifests, true, byMarker)
      : { pathRegex: `\\.${usual}\\.(json|yaml)$`, isForManifests: true, examples: [`secret.${usual}.yaml`] },
    rule(
      used.filter((one) => isManifest(one) && !isMarked(one)),
      true,
      byBasename,
    ),
    rule(markedOthers, false, byMarker),
  ]
  return rules.filter((one) => one !== undefined)
}

/** The text of a `.sops.yaml`. It holds public keys only. */
export function ruleFileText(rules: readonly NewRule[], { recipients, indent }: RuleFileSettings): string {
  const creationRules = rules.map(({ pathRegex, isForManifests }) => ({
    path_regex: pathRegex,
    ...(isForManifests && { encrypted_regex: secretKeys }),
    mac_only_encrypted: true,
    age: recipients.join(',\n'),
  }))
  const document = new (yaml().Document)({
    creation_rules: creationRules,
    stores: { yaml: { indent } },
  })
  // one recipient a line, so that a review sees who comes and goes
  if (recipients.length > 1)
    creationRules.forEach((_, index) => {
      const node = document.getIn(['creation_rules', index, 'age'], true)
      if (yaml().isScalar(node)) node.type = 'BLOCK_LITERAL'
    })
  return document.toString({ lineWidth: 0 })
}

function rule(
  names: readonly UsedName[],
  isForManifests: boolean,
  regexOf: (names: readonly UsedName[]) => string,
): NewRule | undefined {
  if (names.length === 0) return undefined
  const pathRegex = regexOf(names)
  const forms = Map.groupBy(names, (one) => `${one.marker} ${one.ending}`)
  return { pathRegex, isForManifests, examples: [...forms.values()].flatMap(([one]) => one?.file ?? []) }
}

function byMarker(names: readonly UsedName[]): string {
  return `\\.${anyOf(names.map(({ marker = '' }) => marker))}\\.${anyOf(names.map(({ ending }) => ending))}$`
}

function byPath(names: readonly UsedName[]): string {
  return `^${anyOf(names.map(({ file }) => quoted(file)))}$`
}

function byBasename(names: readonly UsedName[]): string {
  return `(^|/)${anyOf(names.map(({ file }) => quoted(basename(file))))}$`
}

function anyOf(texts: readonly string[]): string {
  const [first = '', ...others] = new Set(texts.toSorted())
  return others.length > 0 ? `(${[first, ...others].join('|')})` : first
}

/** As Go wants it (https://pkg.go.dev/regexp/syntax). */
function quoted(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')
}
