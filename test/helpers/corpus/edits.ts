import { diffLines } from 'diff'
import * as assert from 'uvu/assert'
import { parseAllDocuments } from 'yaml'
import { type Decryption, judge } from '../../../scripts/flux/enable-decryption/judge.ts'
import { type FilePlan, planFile } from '../../../scripts/flux/enable-decryption/plan.ts'
import { parseFluxFile } from '../../../scripts/lib/repository/flux-file.ts'
import type { FluxRepository } from '../../../scripts/lib/repository/flux-repository.ts'

/** A repository of which nothing is known but the file itself. */
const alone = { nodes: new Map(), notApplied: new Map() } as unknown as FluxRepository

/** What would be done about the text of a file; `undefined` where it holds no Flux Kustomization. */
export function planText(file: string, bytes: Buffer, block: Decryption): FilePlan | undefined {
  const flux = parseFluxFile(file, bytes)
  if (!flux) return undefined
  const refuse = () => ({ refused: 'empty' as const })
  return planFile(
    flux,
    judge(flux, alone, { block, needed: false, all: false, root: false, keyless: new Map() }),
    block,
    refuse,
  )
}

/**
 * The checks that need no oracle, on one edit:
 * a second run finds nothing to do, text is only added, one piece for each Kustomization and with the line ends around it,
 * and every document reads as before but for the blocks.
 * @throws where one does not hold
 */
export function checkEdit(file: string, before: string, plan: FilePlan, block: Decryption): void {
  const missing = plan.judgements.filter(({ status }) => status === 'missing')
  const [change] = plan.changes
  if (!change) {
    assert.equal(missing, [], `${file}: found missing, and nothing is changed`)
    return
  }
  const { after } = change
  assert.is(change.before, before, file)
  const pieces = insertions(before, after)
  assert.is(
    pieces.length,
    missing.length,
    `${file}: ${pieces.length} pieces for ${missing.length} Kustomizations`,
  )
  assert.is(
    pieces.reduce((length, { text }) => length + text.length, before.length),
    after.length,
    file,
  )
  for (const { at, text } of pieces) {
    const newline = before.lastIndexOf('\n', at - 1)
    const isCrlf = before[newline - 1] === '\r'
    if (text.includes('\n'))
      assert.is(/\r\n/.test(text), isCrlf, `${file}: another line end in ${JSON.stringify(text)}`)
    assert.not(/[^\r]\n/.test(text) && /\r\n/.test(text), `${file}: two line ends`)
    assert.not(text.includes('#'), `${file}: a comment was added`)
  }
  assert.is(/\n$/.test(after), /\n$/.test(before), `${file}: the final newline`)

  const [old, now] = [before, after].map((text) => values(text))
  assert.is(now!.length, old!.length, file)
  const left = missing.map(({ document }) => document)
  old!.forEach((value, index) => {
    if (!left.includes(index + 1))
      assert.equal(now![index], value, `${file}: document ${index + 1} has changed`)
    else
      assert.equal(
        withoutBlock(now![index], block),
        withoutBlock(value, block),
        `${file}: document ${index + 1}`,
      )
  })
  const again = planText(file, Buffer.from(after), block)!
  assert.equal(again.changes, [], `${file}: a second run changes it`)
  assert.is(again.judgements.filter(({ status }) => status === 'own').length >= missing.length, true, file)
}

/** An edit in parts: where in the old text, and what was added. @throws where something was taken away */
function insertions(before: string, after: string): { at: number; text: string }[] {
  const found: { at: number; text: string }[] = []
  let at = 0
  const parts = diffLines(before, after)
  parts.forEach(({ added, removed, value }, index) => {
    const next = parts[index + 1]
    if (removed) {
      // a line of a flow mapping, or the last one without its newline, got longer
      const text = next?.added ? next.value : ''
      found.push(...insertionsIn(value, text).map((piece) => ({ ...piece, at: at + piece.at })))
      at += value.length
    } else if (added) {
      if (!parts[index - 1]?.removed) found.push({ at, text: value })
    } else at += value.length
  })
  return found
}

/** In a line that got longer: each piece begins where the two differ, and ends where they go on together to the next one. */
function insertionsIn(before: string, after: string): { at: number; text: string }[] {
  const start = commonPrefix(before, after)
  if (start === before.length && start === after.length) return []
  for (let length = 1; start + length <= after.length; length++) {
    const rest = after.slice(start + length)
    const left = before.slice(start)
    if (rest.length < left.length) break
    const text = after.slice(start, start + length)
    if (!/\bsops\b/.test(text)) continue
    if (rest === left) return [{ at: start, text }]
    if (commonPrefix(rest, left) < 3) continue
    const more = attempt(() => insertionsIn(left, rest))
    if (more) return [{ at: start, text }, ...more.map((piece) => ({ ...piece, at: start + piece.at }))]
  }
  throw new Error(`taken away: ${JSON.stringify(before)}`)
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

function commonPrefix(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}

function values(text: string): unknown[] {
  return [...parseAllDocuments(text, { merge: true, logLevel: 'error' })].map((document) => {
    assert.equal(document.errors, [])
    return document.toJS()
  })
}

/** A document without the blocks that are just the one that was added. */
function withoutBlock(value: unknown, block: Decryption): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutBlock(item, block))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]) => [key, withoutBlock(inner, block)] as const)
  return Object.fromEntries(
    entries.filter(
      ([key, inner]) => !(key === 'decryption' && JSON.stringify(inner) === JSON.stringify(block)),
    ),
  )
}
