import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../../lib/errors.ts'
import type { Repository } from '../../../lib/git/git.ts'
import { failure } from '../../../lib/program.ts'
import { type Identity, renderIdentities } from '../../../lib/sops/age.ts'
import { type IsolatedSops, withIsolatedSops } from '../../../lib/sops/files/isolated-sops.ts'
import { listAt, textAt } from '../../../lib/yaml/values.ts'
import type { Stanza } from './sops-text.ts'

/** How many files sops gets at once: its arguments have to fit. */
const atOnce = 1_000

/** How long sops may take for as many, in ms. */
const patience = 600_000

/**
 * What `sops updatekeys` wants of a file besides stanzas: it checks neither values nor their MAC (sops v3.13.3
 * cmd/sops/subcommand/updatekeys/updatekeys.go).
 */
const restOfStub = {
  lastmodified: '2024-01-01T00:00:00Z',
  mac: 'ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]',
  version: '3.13.3',
}

/**
 * Has sops encrypt data keys, or shares of them, to another recipient: `sops updatekeys` over stubs, files with nothing but
 * stanzas, many in one process.
 * @param wanted the stanzas that each is opened with; what is alike is done once
 * @returns the new `enc`, by the JSON of the stanzas; without those that do not open
 * @throws UserError where sops does nothing with stubs; CommandError where it does not come to its end; the reason of the signal
 */
export async function encryptedAnew(
  wanted: readonly (readonly Stanza[])[],
  recipient: string,
  identities: readonly Identity[],
  repository: Repository,
): Promise<Map<string, string>> {
  const left = [...new Set(wanted.map((stanzas) => JSON.stringify(stanzas)))]
  const made = new Map<string, string>()
  if (left.length === 0) return made
  await withIsolatedSops(renderIdentities(identities), async (sops) => {
    for (let at = 0; at < left.length; at += atOnce) {
      const chunk = left.slice(at, at + atOnce)
      const found = await updateStubs(chunk, recipient, sops, repository)
      for (const [index, stub] of chunk.entries()) {
        const enc = found[index]
        if (enc !== undefined) made.set(stub, enc)
      }
    }
  })
  return made
}

async function updateStubs(
  stubs: readonly string[],
  recipient: string,
  sops: IsolatedSops,
  { env, signal }: Repository,
): Promise<(string | undefined)[]> {
  const { directory } = sops
  const nameOf = (_: unknown, index: number) => `${index}.json`
  const names = stubs.map(nameOf)
  writeFileSync(join(directory, 'rules.yaml'), JSON.stringify({ creation_rules: [{ age: recipient }] }))
  for (const [index, age] of stubs.entries()) {
    const stub = { sops: { age: JSON.parse(age), ...restOfStub } }
    writeFileSync(join(directory, nameOf(age, index)), JSON.stringify(stub))
  }
  const args = ['--config', 'rules.yaml', 'updatekeys', '-y', ...names]
  const outcome = await sops.attempt(args, { env, signal, cwd: directory, timeout: patience })
  const { code, stderr } = outcome
  // it did not come to the end, and what is left as it was may be sound
  if (code === null || code > 128) throw failure(['sops', 'updatekeys'], outcome, patience)
  const found = names.map((name) => encOf(readFileSync(join(directory, name), 'utf8'), recipient))
  for (const name of names) rmSync(join(directory, name))
  // it goes on behind what does not open, and says so
  if (found.every((enc) => enc === undefined) && !/data key required/i.test(stderr))
    throw new UserError(`sops does not encrypt data keys to another recipient: ${stderr.trim()}`)
  return found
}

/** `undefined` where sops has left it as it was. */
function encOf(text: string, recipient: string): string | undefined {
  const [stanza, ...others] = listAt(JSON.parse(text), 'sops', 'age')
  return others.length === 0 && textAt(stanza, 'recipient') === recipient ? textAt(stanza, 'enc') : undefined
}
