import type { Scalar } from 'yaml'
import { newlineBefore } from '../../../lib/yaml/lines.ts'

/**
 * A text as a scalar of YAML or JSON, in the style of one that is there. Whether it was written rightly the caller sees by parsing
 * it.
 */
export function scalarAs(text: string, node: Scalar, value: string): string {
  const [start = 0, end = start] = node.range ?? []
  const written = text.slice(start, end)
  const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED'
  if (isBlock) return blockAs(written, value, newlineBefore(text, end))
  const isLong = value.includes('\n')
  if (node.type === 'QUOTE_SINGLE' && !isLong) return `'${value.replaceAll("'", "''")}'`
  // what sops writes in its place: ciphertext, times, and the base64 of other kinds of keys
  if (node.type === 'PLAIN' && !isLong) return value
  return JSON.stringify(value)
}

/** @param written the block from its `|` or `>` on */
function blockAs(written: string, value: string, newline: string): string {
  const [header = '', ...lines] = written.split(/\r?\n/)
  const indentation = /^ */.exec(lines.find((line) => line.trim() !== '') ?? '')?.[0] ?? ''
  const style = header[0] ?? '|'
  // a line end in a folded block is an empty line
  const inner = value
    .replace(/\n$/, '')
    .replaceAll('\n', style === '>' ? '\n\n' : '\n')
    .split('\n')
  const digit = /\d/.exec(header)?.[0] ?? ''
  const chomping = value.endsWith('\n') ? '' : '-'
  const comment = /\s#.*$/.exec(header)?.[0] ?? ''
  const blanks = lines.slice(lines.findLastIndex((line) => line.trim() !== '') + 1)
  const body = inner.map((line) => (line === '' ? '' : indentation + line))
  return [`${style}${digit}${chomping}${comment}`, ...body, ...blanks].join(newline)
}
