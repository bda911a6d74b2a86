import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, extname, join, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { initFindings } from '../../findings/catalogue/init.ts'
import { errorOf } from '../../findings/user-error.ts'
import { CommandError } from '../../lib/errors.ts'
import type { Repository } from '../../lib/git/git.ts'
import { run } from '../../lib/run.ts'
import type { Identity } from '../../lib/sops/age.ts'
import { configName, ruleEnvironment } from '../../lib/sops/creation-rules.ts'
import { decrypt } from '../../lib/sops/decrypt.ts'
import { sopsFormatOf } from '../../lib/sops/reader/read-tree.ts'
import type { SopsFormat } from '../../lib/sops/reader/reading.ts'
import { sopsLimit } from '../../lib/sops/sops.ts'
import { abandonedDirectories, temporaryDirectory } from '../../lib/temporary-directory.ts'
import { parseDocuments } from '../../lib/yaml/documents.ts'
import { valueAt } from '../../lib/yaml/values.ts'
import type { NewRule } from './rules.ts'

/** What the directory of a trial is called. */
const directoryName = 'flux-sops-rules'

/** What is encrypted as a trial. It is no secret. */
const probe = 'what-sops-is-to-hide'

/**
 * Has the real sops encrypt a probe for a file of each form by rules that are not written yet, and opens each with the identity.
 * The rules and the ciphertext of the probes are in a temporary directory meanwhile; neither is a secret.
 * @param text of the `.sops.yaml` that is to be
 * @param identities each of which has to open what is encrypted
 * @throws UserError where sops does not take a rule, or encrypts more or less than it is meant to
 */
export async function tryRules(
  text: string,
  rules: readonly NewRule[],
  identities: readonly Identity[],
  repository: Repository,
): Promise<void> {
  // of runs that were killed
  for (const left of abandonedDirectories(directoryName, resolve(tmpdir())))
    rmSync(left, { recursive: true, force: true })
  const directory = temporaryDirectory(directoryName)
  try {
    const config = join(directory, configName)
    writeFileSync(config, text)
    for (const [number, { isForManifests, examples }] of rules.entries())
      for (const [index, file] of examples.entries()) {
        const place = {
          config,
          encrypted: join(directory, 'encrypted', `${number}-${index}${extname(file)}`),
        }
        mkdirSync(dirname(place.encrypted), { recursive: true })
        const problem = await tryOne(file, isForManifests, place, identities, repository).catch(
          (error: unknown) => {
            if (error instanceof CommandError) return error.stderr
            throw error
          },
        )
        if (problem !== undefined) throw errorOf(initFindings['rules-refused'], { file, problem })
      }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** @returns what is wrong; `undefined` where nothing is */
async function tryOne(
  file: string,
  isManifest: boolean,
  { config, encrypted }: { config: string; encrypted: string },
  identities: readonly Identity[],
  { env, signal }: Repository,
): Promise<string | undefined> {
  // sops reads the nearest `.sops.yaml` as well, whatever `--config` says
  const cwd = dirname(config)
  const format = sopsFormatOf(file)
  const { input, type } = probeFor(format, isManifest)
  const types = ['--input-type', type, '--output-type', format]
  // sops matches the path from the directory of its rules
  const name = join(cwd, file)
  const args = ['sops', '--config', config, 'encrypt', '--filename-override', name, ...types]
  const options = { input, cwd, env: ruleEnvironment(env), signal, timeout: sopsLimit }
  const text = await run(args, options)
  if (text.includes(probe)) return 'it leaves values in the clear'
  const [document] = format === 'yaml' || format === 'json' ? parseDocuments(text) : []
  if (isManifest && valueAt(document?.value, 'kind') !== 'Secret') return 'it encrypts more than the values'
  writeFileSync(encrypted, text)
  for (const { secret } of identities) {
    const opened = await decrypt(encrypted, `${secret}\n`, { env, signal, cwd }, format)
    if (!isSame(opened, input, format)) return 'what it opens is something else'
  }
  return undefined
}

function probeFor(format: SopsFormat, isManifest: boolean): { input: string; type: SopsFormat } {
  if (format === 'dotenv') return { input: `probe=${probe}\n`, type: format }
  if (format === 'ini') return { input: `[probe]\nprobe = ${probe}\n`, type: format }
  if (format === 'binary') return { input: probe, type: format }
  const manifest = { apiVersion: 'v1', kind: 'Secret', stringData: { probe } }
  return { input: JSON.stringify(isManifest ? manifest : { probe }), type: 'json' }
}

function isSame(opened: string, input: string, format: SopsFormat): boolean {
  if (format !== 'yaml' && format !== 'json') return opened.trim() === input.trim()
  return isDeepStrictEqual(parseDocuments(opened)[0]?.value, parseDocuments(input)[0]?.value)
}
