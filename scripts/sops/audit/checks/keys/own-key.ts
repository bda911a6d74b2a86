import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Finding, finding } from '../../../../findings/finding.ts'
import { pathBelow } from '../../../../lib/paths.ts'
import { findKeyFileProblems } from '../../../../lib/sops/key-file.ts'
import { privateKeyMarks } from '../../../../lib/sops/private-keys.ts'
import { placesIn } from '../../../../lib/sops/reader/places.ts'
import { shortRecipient } from '../../../../lib/sops/recipients.ts'
import { isMapping, textAt } from '../../../../lib/yaml/values.ts'
import type { Check } from '../../check.ts'
import type { Subject } from '../../subject.ts'
import { keysHeldBy } from './held-keys.ts'

/** How the user keeps their own key: what git knows nothing of. */
export const checkOwnKey: Check = async (subject) => {
  if (subject.options.staged) return []
  return [...(await keyFileFindings(subject)), ...(await environmentFindings(subject))]
}

/** That git has it, or would take it, the check of all files says. */
async function keyFileFindings({ keyPlace, repository }: Subject): Promise<Finding[]> {
  if (!keyPlace?.file) return []
  const problems = await findKeyFileProblems(keyPlace.file, undefined)
  if (!problems.includes('readable-by-others')) return []
  const file = pathBelow(repository.root, keyPlace.file)
  const place = file === undefined ? { object: keyPlace.file } : { file }
  return [finding('key-file-readable', place, { file: file ?? keyPlace.file })]
}

/** What mise and others put into the environment in the root of the repository, where git ignores it. */
async function environmentFindings({ repository: { root }, names }: Subject): Promise<Finding[]> {
  const present = readdirSync(root).filter((name) => /^(?:\.?mise\b|\.config$|\.env(?:\.|$))/.test(name))
  if (present.length === 0) return []
  const { miseConfigFiles } = await import('../../../../lib/mise-tools.ts')
  const listed = new Set(names)
  const found: Finding[] = []
  for (const file of new Set([...miseConfigFiles, ...present])) {
    const text = listed.has(file) ? undefined : textOf(join(root, file))
    if (text === undefined || !privateKeyMarks.some((mark) => text.includes(mark))) continue
    const offsets = new Map((await keysHeldBy(text)).map(({ recipient, offset }) => [recipient, offset]))
    const placeOf = placesIn(text)
    for (const [variable, value] of file.endsWith('.toml') ? await miseVariables(text) : variables(text))
      for (const { recipient } of await keysHeldBy(value)) {
        const place = { file, ...placeOf(offsets.get(recipient) ?? 0) }
        found.push(finding('key-in-environment', place, { variable, recipient: shortRecipient(recipient) }))
      }
  }
  return found
}

/** @returns `undefined` for what is no file, or is not for us to read */
function textOf(path: string): string | undefined {
  try {
    return statSync(path).isFile() ? readFileSync(path, 'utf8') : undefined
  } catch {
    return undefined
  }
}

/** The variables of `[env]` (https://mise.jdx.dev/environments/); none where mise can't read the file. */
async function miseVariables(text: string): Promise<[name: string, value: string][]> {
  const { parse } = await import('@iarna/toml')
  try {
    const env: unknown = parse(text).env
    const tables = (Array.isArray(env) ? env : [env]).filter(isMapping)
    return tables.flatMap((table) =>
      Object.entries(table).flatMap(([name, value]): [string, string][] => {
        const set = typeof value === 'string' ? value : textAt(value, 'value')
        return set === undefined ? [] : [[name, set]]
      }),
    )
  } catch {
    // its message quotes the file
    return []
  }
}

function variables(text: string): [name: string, value: string][] {
  return [...text.matchAll(/^\s*(?:export\s+)?(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ])
}
