import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { openFile } from '../../../scripts/lib/sops/reader/open-file.ts'
import type { FaultCode, Reading } from '../../../scripts/lib/sops/reader/reading.ts'
import { type Key, makeKey } from '../keys.ts'
import { damages } from './damages.ts'
import { type PlainFile, plainFiles } from './files.ts'
import { type Answer, ask } from './judge.ts'

/** What a run of `compareFiles` has seen. */
export interface Comparison {
  /** Files that sops encrypted. */
  encrypted: number
  /** How many of each verdict. */
  verdicts: Record<string, number>
  /** Reasons of `needs-sops`. */
  unsure: Record<string, number>
  faults: Record<string, number>
  /** The damages that changed a file. */
  damaged: Set<string>
  /** Intact files of which sops and the reader read other comments. They do not count for the MAC. */
  otherComments: number
  /** Where the reader and sops say something else, with the file, and what opens it. */
  differences: { what: string; text: string; plain: string; identities: string }[]
}

const stages: Partial<Record<Answer['stage'], readonly FaultCode[]>> = {
  load: ['metadata-unreadable', 'merge-conflict'],
  key: ['not-a-recipient', 'group-not-satisfied', 'stanza-damaged'],
  tree: ['value-plain', 'value-moved', 'value-broken', 'different-data-keys'],
  mac: ['mac-missing', 'mac-mismatch'],
}

/**
 * Has sops encrypt generated files, damages them, and asks sops and the reader about each.
 * @param count how many; sops refuses to encrypt some
 */
export async function compareFiles(count: number, seed: number): Promise<Comparison> {
  const keys = [makeKey(), makeKey(), makeKey('-pq'), makeKey(), makeKey()]
  const ours = keys.slice(0, 3)
  const cases = fc.sample(
    fc.tuple(
      plainFiles,
      fc.constantFrom(...Array(5).fill('none'), ...Object.keys(damages)),
      fc.infiniteStream(fc.nat()),
    ),
    {
      numRuns: count,
      seed,
    },
  )
  const encrypted = await ask(cases.map(([file]) => encryptQuestion(file, keys)))
  const others = new Map<string, string>()
  const changed = new Set<string>()
  const files = cases.flatMap(([file, damage, numbers], index) => {
    const { text } = encrypted[index]!
    if (!text) return []
    const pick = (below: number) => numbers.next().value! % below
    const plain = Buffer.from(text, 'base64').toString()
    const damaged = damages[damage]!(plain, pick, others.get(file.format) ?? plain)
    others.set(file.format, plain)
    if (damaged !== plain) changed.add(damage)
    return [{ file, damage, index, text: Buffer.from(damaged) }]
  })
  const identities = ours.map(({ secret }) => secret).join(' ')
  const answers = await ask(
    files.map(({ file, text }) => ({ format: file.format, text: text.toString('base64'), identities })),
  )
  const seen: Comparison = {
    encrypted: files.length,
    verdicts: {},
    unsure: {},
    faults: {},
    damaged: changed,
    otherComments: 0,
    differences: [],
  }
  for (const [at, { file, damage, index, text }] of files.entries()) {
    const answer = answers[at]!
    const reading = await openFile(text, 'x', { format: file.format, identities: ours })
    const keyless = await openFile(text, 'x', { format: file.format })
    add(seen.verdicts, `${reading.verdict}${damage === 'none' ? ' (intact)' : ''}`)
    if (reading.unsure) add(seen.unsure, reading.unsure.reason)
    for (const { code } of reading.faults) add(seen.faults, code)
    const isRead = damage === 'none' && reading.verdict === 'decrypts'
    if (isRead && commentsOf(reading) !== answer.comments) seen.otherComments++
    const problem = differenceOf(reading, answer, damage === 'none') ?? keylessDifference(keyless, answer)
    if (!problem) continue
    const what = `seed ${seed} case ${index} ${file.format} ${file.selector} "${damage}": ${problem}`
    seen.differences.push({ what, text: text.toString(), plain: file.text.toString(), identities })
  }
  return seen
}

function encryptQuestion(file: PlainFile, keys: readonly Key[]) {
  const { format, text, selector, selected, macOnly, threshold } = file
  const groups = file.groups.map((group) => group.map((index) => keys[index]!.recipient))
  return { format, text: text.toString('base64'), selector, selected, macOnly, threshold, groups }
}

function differenceOf(reading: Reading, { stage, values }: Answer, isIntact: boolean): string | undefined {
  const codes = reading.faults.map(({ code }) => code)
  // sops itself can't say what it has read: a fault of its INI
  if (stage === 'panic') return undefined
  switch (reading.verdict) {
    case 'needs-sops':
      return undefined
    case 'no-metadata':
      return stage === 'load' ? undefined : `no metadata, sops: ${stage || 'decrypts'}`
    case 'decrypts':
      if (stage !== '') return `decrypts, sops fails: ${stage}`
      if (valuesOf(reading) !== values) return 'other values'
      // go-yaml can read a comment at another level than it has written it: sops warns of it then
      if (isIntact && codes.some((code) => code !== 'comment-plain')) return `${codes} in an intact file`
      return undefined
    case 'fails': {
      if (stage === '') return `fails with ${codes}, sops decrypts`
      const expected = stages[stage] ?? []
      const isSame = codes.includes('merge-conflict') || codes.some((code) => expected.includes(code))
      return isSame ? undefined : `fails with ${codes}, sops at ${stage}`
    }
    default:
      return `unexpected verdict ${reading.verdict}`
  }
}

/** Without a key a file that sops decrypts has nothing that sops refuses. */
function keylessDifference({ verdict, faults }: Reading, { stage }: Answer): string | undefined {
  if (stage === '' && verdict !== 'not-opened' && verdict !== 'needs-sops')
    return `without a key ${verdict} (${faults.map(({ code }) => code)}), sops decrypts`
  if (verdict === 'decrypts') return 'decrypted without a key'
  return undefined
}

/** As the judge does it. */
function valuesOf({ values }: Reading): string {
  const hash = createHash('sha256')
  for (const { document, path, type, bytes } of values) {
    if (type === 'comment') continue
    hash.update(`${[document, ...path].join(':')}:\0${type}\0`)
    if (bytes) hash.update(bytes)
    hash.update('\0')
  }
  return hash.digest('hex')
}

function commentsOf({ comments, values }: Reading): string {
  const texts = [
    ...comments.map(({ text }) => Buffer.from(text ?? '?')),
    ...values.filter(({ type }) => type === 'comment').map(({ bytes }) => bytes ?? Buffer.from('?')),
  ].sort(Buffer.compare)
  const joined = texts.flatMap((text, index) => (index > 0 ? [Buffer.of(0), text] : [text]))
  return createHash('sha256').update(Buffer.concat(joined)).digest('hex')
}

function add(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}
