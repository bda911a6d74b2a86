import type { Code } from '../../../findings/catalogue.ts'
import { type Finding, finding } from '../../../findings/finding.ts'
import { faultsOf, plainFault } from '../../../findings/sops-file/faults.ts'
import { encryptedLists } from '../../../findings/sops-file/lists.ts'
import { manifestForms } from '../../../findings/sops-file/manifest-forms.ts'
import { sourceForms } from '../../../findings/sops-file/source-forms.ts'
import { type Revision, readFiles } from '../../../lib/applied/revision.ts'
import { builtDirectory, idOf } from '../../../lib/cluster/flux-objects.ts'
import { additionsOf } from '../../../lib/repository/additions.ts'
import type { FileUse } from '../../../lib/repository/builds.ts'
import { openSopsFile } from '../../../lib/sops/files/open-sops-file.ts'
import { ciphertextStart } from '../../../lib/sops/format.ts'
import { openFile } from '../../../lib/sops/reader/open-file.ts'
import type { Mapping } from '../../../lib/yaml/values.ts'
import type { Evidence } from '../../evidence.ts'
import { explainCiphertext } from '../ciphertext.ts'
import type { Explainer, Failure } from '../failure.ts'
import { objectPlaces } from './declared.ts'
import { findMoved } from './moved-value.ts'
import { declaredBy } from './reach.ts'

/** What can be behind a likely cause in an encrypted file, the likeliest first. */
const behind: Partial<Record<Code, readonly Code[]>> = {
  'plaintext-in-encrypted-file': ['comment-selector', 'plain-value', 'ciphertext-changed', 'strategic-merge'],
  'value-not-authentic': ['value-moved', 'value-broken'],
  'metadata-incomplete': ['metadata-unreadable'],
  'built-without-decryption': ['mac-missing', 'decryption-disabled', 'list-encrypted'],
  'not-base64': ['list-encrypted'],
  'another-format': ['format-mismatch'],
  'data-key-refused': ['format-mismatch'],
  'whole-manifest-changed': ['ciphertext-changed', 'whole-manifest'],
}

/** Finds what is wrong with an encrypted file of the build, as `sops:audit` says it. */
export const explainEncryptedFile: Explainer = async (failure, evidence) => {
  const { kustomization, cause } = failure
  const revision = await evidence.tried(kustomization)
  if (!revision) return undefined
  const wanted = behind[cause.code] ?? []
  for (const [file, { text, uses }] of await encryptedFiles(failure, revision)) {
    const found = await findingsOf(file, text, uses, revision, evidence)
    const fitting = wanted.map((code) => found.find((one) => one.code === code))
    const [first] = fitting.filter((one) => one !== undefined)
    // it is a warning where it does not fail
    if (first?.code === 'strategic-merge') return finding('merge-not-decrypted', first, { encrypted: file })
    if (first) return first
  }
  return undefined
}

/** Names the encrypted file that a Kustomization without decryption builds, or why the object looks as if it were not encrypted. */
export const explainNotDecrypted: Explainer = (failure, evidence) =>
  failure.kustomization.spec.decryption
    ? explainEncryptedFile(failure, evidence)
    : explainCiphertext(failure, evidence)

/** Finds the value that was moved or changed: by the key at hand, or by what the file was before. */
export const explainNotAuthentic: Explainer = async (failure, evidence) => {
  const { kustomization, named } = failure
  const found = await explainEncryptedFile(failure, evidence)
  const revision = await evidence.tried(kustomization)
  if (found || !revision) return found
  const files = [...(await encryptedFiles(failure, revision))]
  for (const [file, { text }] of files) {
    const moved = await findMoved(file, text, revision)
    if (moved) return moved
  }
  const [[file, { text }] = ['', { text: '' }], ...others] = files
  if (file === '' || others.length > 0) return undefined
  const { values } = await openFile(Buffer.from(text), file)
  const encrypted = values.filter(({ ciphertext }) => ciphertext).map(({ path }) => path)
  // one of several may be meant
  const [first = []] = encrypted
  const place = objectPlaces(text, named)(...(encrypted.length === 1 ? first : first.slice(0, 1)))
  return finding('value-not-authentic', { file, ...place }, { what: 'this file' })
}

/** An encrypted file, and how a build uses it. */
interface EncryptedFile {
  text: string
  uses: readonly FileUse[]
}

/**
 * The encrypted files of the build of a Kustomization, by their paths: those that declare the object that it complains of; all,
 * where none declares it by this name.
 */
async function encryptedFiles(
  { kustomization, named, says }: Failure,
  revision: Revision,
): Promise<Map<string, EncryptedFile>> {
  const additions = additionsOf(kustomization as unknown as Mapping, `Kustomization ${idOf(kustomization)}`)
  const build = revision.builder.flux(builtDirectory(kustomization), additions)
  // what Flux decrypts before the build has no name yet
  const isSource = ({ as }: FileUse) => as !== 'resources'
  const uses = /error decrypting sources/.test(says) ? build.uses.filter(isSource) : build.uses
  const byFile = Map.groupBy(uses, ({ file }) => file)
  const declaring = named ? [...(await declaredBy(kustomization, named, revision)).keys()] : []
  const texts = await readFiles(revision, [...new Set([...declaring, ...byFile.keys()])])
  const encrypted = [...texts].filter(([, text]) => text.includes(ciphertextStart))
  // kustomize may have made the name, or the whole object
  const own = encrypted.filter(([file]) => declaring.includes(file))
  const meant = own.length > 0 ? own : encrypted
  return new Map(meant.map(([file, text]) => [file, { text, uses: byFile.get(file) ?? [] }]))
}

/** Reads a SOPS file of a revision. */
function open(file: string, text: string, { repository, commit }: Revision, { identities }: Evidence) {
  return openSopsFile(file, Buffer.from(text), { identities, repository, commit })
}

async function findingsOf(
  file: string,
  text: string,
  uses: readonly FileUse[],
  revision: Revision,
  evidence: Evidence,
): Promise<Finding[]> {
  const reading = await open(file, text, revision, evidence)
  if (!reading) return []
  const resources = uses.filter(({ as }) => as === 'resources')
  return [
    ...reading.faults.flatMap((fault) => plainFault(file, fault)),
    ...faultsOf(file, reading),
    ...encryptedLists(file, reading),
    ...manifestForms(
      file,
      reading,
      resources.map(({ steps }) => steps),
    ),
    ...sourceForms(file, Buffer.from(text), reading, uses, revision.textOf),
  ]
}
