import type { TreeBranch, TreeComment } from './tree.ts'
import { Unsure } from './unsure.ts'

/**
 * Reads dotenv as sops does (sops v3.13.3 stores/dotenv/store.go): a line each, nothing is quoted, `\n` is a line end.
 * @throws Unsure for a line without `=`, which sops refuses
 */
export function readDotenv(text: string): TreeBranch {
  const branch: TreeBranch = { kind: 'branch', items: [], offset: 0 }
  let offset = 0
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=')
    if (line.startsWith('#')) branch.items.push({ kind: 'comment', text: line.slice(1), offset })
    else if (equals >= 0) {
      const value = line.slice(equals + 1).replaceAll('\\n', '\n')
      branch.items.push({
        kind: 'entry',
        key: line.slice(0, equals),
        value: { kind: 'leaf', value, offset: offset + equals + 1 },
        offset,
      })
    } else if (line !== '') throw new Unsure('syntax', offset)
    offset += line.length + 1
  }
  return branch
}

const section = /^\s*\[([^\s"'`\\;#[\]](?:[^"'`\\;#[\]]*[^\s"'`\\;#[\]])?)\]\s*$/
const entry = /^\s*([^\s"'`\\;#[\]=:](?:[^"'`=:]*[^\s"'`=:])?)\s*[=:]\s*(.*?)\s*$/

/**
 * Reads INI in the form that sops writes (sops v3.13.3 stores/ini/store.go, gopkg.in/ini.v1 v1.67.3 parser.go): sections, a key
 * a line, comments on lines of their own. A comment before a key stands behind it in sops' tree.
 * @throws Unsure for all else: quotes, continued lines, comments behind a value, double keys, keys that count up
 */
export function readIni(text: string): TreeBranch {
  const root: TreeBranch = { kind: 'branch', items: [], offset: 0 }
  let current = addSection(root, 'DEFAULT', 0)
  let comments: TreeComment[] = []
  let offset = 0
  for (const line of text.split('\n')) {
    const trimmed = line.trim()
    if (/^[;#]/.test(trimmed)) {
      // of a comment with several lines sops takes the mark of the first line only
      if (comments.length > 0) comments[0]!.text += `\n${trimmed}`
      else comments.push({ kind: 'comment', text: trimmed.replace(/^(?:;[; ]*|#[# ]*)/, ''), offset })
    } else if (trimmed !== '') {
      const name = section.exec(line)?.[1]
      if (name !== undefined) {
        current = addSection(root, name, offset)
        current.items.push(...comments)
      } else addEntry(current, line, offset, comments)
      comments = []
    }
    offset += line.length + 1
  }
  return root
}

function addSection(root: TreeBranch, key: string, offset: number): TreeBranch {
  const value: TreeBranch = { kind: 'branch', items: [], offset }
  root.items.push({ kind: 'entry', key, value, offset })
  return value
}

function addEntry(into: TreeBranch, line: string, offset: number, comments: readonly TreeComment[]): void {
  const [, key, value] = entry.exec(line) ?? []
  if (key === undefined || value === undefined || key === '-') throw new Unsure('syntax', offset)
  // of the metadata, armored texts hold `\n`
  if (/["'`;#]|\\$/.test(value)) throw new Unsure('syntax', offset)
  if (into.items.some((item) => item.kind === 'entry' && item.key === key)) throw new Unsure('syntax', offset)
  const at = offset + line.indexOf(value, line.search(/[=:]/) + 1)
  into.items.push({ kind: 'entry', key, value: { kind: 'leaf', value, offset: at }, offset })
  into.items.push(...comments)
}
