import { finding } from '../../../findings/finding.ts'
import { listRecipients } from '../../../lib/sops/recipients.ts'
import { sopsCodes } from '../../../lib/sops/sops.ts'
import type { SopsText } from './sops-text.ts'
import { InTheWay } from './troubles.ts'

/** How `sops rotate` ended. */
interface Refusal {
  code: number | null
  stderr: string
  /** The kinds of keys of the file that are not of age. */
  kinds: readonly string[]
}

/**
 * Why sops gives a file no new data key.
 * @returns of what sops said only what is neither a value nor a hash of one
 */
export function rotateRefusal(file: string, text: SopsText, { code, stderr, kinds }: Refusal): InTheWay {
  const why = finding(
    'sops-refuses',
    { file },
    { file, why: isEnded(code) ? 'it was ended before it was done' : lastWords(stderr) },
  )
  if (code === sopsCodes.macMismatch && /has no MAC/.test(stderr))
    return new InTheWay('mac-broken', finding('mac-missing', { file }, { file }))
  if (code === sopsCodes.macMismatch)
    return new InTheWay('mac-broken', finding('mac-mismatch', { file }, { file }))
  if (code === sopsCodes.decryptingTree && hasSeveralKeys(text))
    return new InTheWay('not-editable', finding('different-data-keys', { file }, {}))
  if (code === sopsCodes.decryptingTree || code === sopsCodes.macNotFound)
    return new InTheWay('mac-broken', why)
  if (code === sopsCodes.noDataKey) {
    const recipients = listRecipients([
      ...new Set(text.lists.flatMap(({ stanzas }) => stanzas.map(({ recipient }) => recipient))),
    ])
    return new InTheWay('unopenable', finding('rotate-stanza-damaged', { file }, { file, recipients }))
  }
  // one that does not answer is not reached either
  if (
    kinds.length > 0 &&
    (code === null || /encrypt new data key|Could not generate data key/.test(stderr))
  ) {
    const facts = { kinds: [...new Set(kinds)].join(', ') }
    return new InTheWay('unreachable', finding('rotate-key-unreachable', { file }, facts))
  }
  if (/metadata not found/.test(stderr))
    return new InTheWay('not-editable', finding('first-document-plain', { file }, {}))
  return new InTheWay('not-editable', why)
}

/** Whether a document has other stanzas than the first one: it was encrypted by itself. */
function hasSeveralKeys({ lists }: SopsText): boolean {
  const stanzas = lists.map((list) => JSON.stringify([list.path, list.stanzas]))
  const ofFirst = stanzas.filter((_, index) => lists[index]?.document === 0)
  return stanzas.some((one) => !ofFirst.includes(one))
}

/** Whether it did not end by itself: it took too long, or got a signal. */
function isEnded(code: number | null): boolean {
  return code === null || code > 128
}

/** The last line of what sops said, which names the reason. */
function lastWords(stderr: string): string {
  return stderr.trim().split('\n').at(-1)?.trim() || 'it does not say why'
}
