import { rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { finding } from '../../../findings/finding.ts'
import type { Repository } from '../../../lib/git/git.ts'
import { inTurn } from '../../../lib/in-turn.ts'
import { type Identity, renderIdentities } from '../../../lib/sops/age.ts'
import { type IsolatedSops, withIsolatedSops } from '../../../lib/sops/files/isolated-sops.ts'
import { listRecipients, readKeyGroups } from '../../../lib/sops/recipients.ts'
import type { FileEdit, FileEdits, FileText, FileTrouble } from '../rotation.ts'
import { openAs } from './open-text.ts'
import { otherKeysEnvironment } from './other-keys.ts'
import { requireOpened } from './require-opened.ts'
import { rotateRefusal } from './rotate-refusal.ts'
import type { SopsText } from './sops-text.ts'
import { spliced } from './splice.ts'
import { openedWithout } from './take-out.ts'
import { InTheWay, troubleOf } from './troubles.ts'

/** How files get new data keys. */
export interface RekeyOptions {
  /** The recipient that does not get the new data key; its stanzas are taken out. */
  takeOut: string | undefined
  /** Secret. Only these open the files. */
  identities: readonly Identity[]
  repository: Repository
  /** How many sops run at once; where it is not given, one more than there are processors, for each waits for its files. */
  concurrency?: number
}

/**
 * Gives files new data keys: `sops rotate` encrypts each anew to all its recipients but the one that goes, and what it has encrypted
 * is put into the text as it was. Where that is not certain to say the same, its output is taken as it is (`isRewritten`).
 * @returns each new text has the recipients from before, in each group of each document, without the one that goes
 * @throws MissingProgram; the reason of the signal
 */
export async function rekeyFiles(files: readonly FileText[], options: RekeyOptions): Promise<FileEdits> {
  const { concurrency = availableParallelism() + 1, identities, repository } = options
  const done = await withIsolatedSops(renderIdentities(identities), (sops) => {
    const others = otherKeysEnvironment(repository.env, sops.directory)
    return inTurn([...files.entries()], concurrency, async ([index, file]) => {
      try {
        return await rekeyed(file, { name: `${index}`, sops, others }, options)
      } catch (error) {
        return troubleOf(file.file, error)
      }
    })
  })
  return {
    edits: done.filter((one): one is FileEdit => one !== undefined && 'after' in one),
    troubles: done.filter((one): one is FileTrouble => one !== undefined && 'status' in one),
  }
}

/** What a file gets its new data key with. */
interface Workshop {
  /** Of the file in the private directory. */
  name: string
  sops: IsolatedSops
  /** The environment for a file that has keys of other kinds. */
  others: NodeJS.ProcessEnv
}

/** @returns `undefined` for what is no SOPS file */
async function rekeyed(
  { file, text }: FileText,
  workshop: Workshop,
  options: RekeyOptions,
): Promise<FileEdit | undefined> {
  const cut = await openedWithout({ file, text }, options.takeOut)
  if (!cut) return undefined
  const documents = (await readKeyGroups(cut.text)) ?? []
  requireOpened(file, documents, options.identities)
  const kinds = documents.flatMap(({ groups }) => groups.flatMap(({ others }) => others))
  const output = await rotatedBySops(file, cut, { ...workshop, kinds }, options)
  const after = spliced(cut, output)
  requireSameRecipients(file, cut, after ?? output)
  if (after) return { file, before: text, after: after.text }
  return { file, before: text, after: output.text, isRewritten: true }
}

async function rotatedBySops(
  file: string,
  given: SopsText,
  { name, kinds, sops, others }: Workshop & { kinds: readonly string[] },
  { repository: { root, env, signal } }: RekeyOptions,
): Promise<SopsText> {
  const { format, text } = given
  const path = join(sops.directory, name)
  writeFileSync(path, text)
  const args = ['rotate', '--decryption-order', 'age', '--input-type', format, '--output-type', format, path]
  const extra = kinds.length > 0 ? others : {}
  const { code, stdout, stderr } = await sops.attempt(args, { cwd: root, env, signal, extra })
  rmSync(path)
  const output = code === 0 ? openAs(stdout, format) : undefined
  if (output) return output
  throw rotateRefusal(file, given, { code, stderr, kinds })
}

/** The exit code of sops says nothing about whom it has encrypted to. @throws InTheWay */
function requireSameRecipients(file: string, before: SopsText, after: SopsText): void {
  const recipientsOf = ({ lists }: SopsText) =>
    lists.map(({ document, path, stanzas, hasOthers }) => ({
      ...{ document, path, hasOthers },
      recipients: stanzas.map(({ recipient }) => recipient),
    }))
  const found = recipientsOf(after)
  if (isDeepStrictEqual(found, recipientsOf(before))) return
  const recipients = listRecipients([...new Set(found.flatMap((list) => list.recipients))])
  throw new InTheWay('not-editable', finding('rotate-recipients-differ', { file }, { recipients }))
}
