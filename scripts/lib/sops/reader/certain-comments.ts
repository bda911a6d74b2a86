import type { SopsFormat } from './reading.ts'
import { Unsure } from './unsure.ts'

/**
 * Comments can decide what is encrypted (`encrypted_comment_regex`). Which value a comment belongs to is decided by go-yaml,
 * by blank lines and indentation (go.yaml.in/yaml/v3 v3.0.4 scannerc.go, parserc.go). Only two forms are certain: whole lines
 * directly above a key and as far to the right as it, and a comment behind a value of one line.
 * @throws Unsure where there is any other
 */
export function requireCertainComments(text: string, format: SopsFormat): void {
  // in the others a comment has one place only
  if (format !== 'yaml') return
  const lines = text.split('\n')
  let offset = 0
  for (const [index, line] of lines.entries()) {
    const comment = /(^|\s)#/.exec(line)
    if (comment) {
      const indent = /^\s*/.exec(line)?.[0] ?? ''
      const isWhole = line.startsWith('#', indent.length)
      const next = lines[index + 1] ?? ''
      const isAbove =
        next.startsWith(indent) && /^(?:#|["']?[\w./-]+["']?:(?: |$))/.test(next.slice(indent.length))
      const previous = lines.slice(0, index).findLast((above) => !/^\s*(?:#|$)/.test(above)) ?? ''
      const isBehind = /^\s*["']?[\w./-]+["']?: +[^\s#&*!|>[{"'][^#]*$/.test(line.slice(0, comment.index))
      if (isWhole ? !isAbove || /^\s*-/.test(previous) : !isBehind) throw new Unsure('comment', offset)
    }
    offset += line.length + 1
  }
}
