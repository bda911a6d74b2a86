import type { Document, LineCounter, Node } from 'yaml'
import { yaml } from './yaml-package.ts'

/** One document of a YAML or JSON text. */
export interface YamlDocument {
  /** The root node; `range` of it and of all nodes below counts from the start of the text. `null`: an empty document. */
  root: Node | null
  /** The plain value, aliases and merge keys resolved; `undefined` where there is a problem. */
  value: unknown
  /** Why the document can't be read, with the line; never a word of its content. */
  problem: string | undefined
}

/**
 * Reads a YAML stream for its positions. It is changed by `applyEdits` only: to print a parsed document again would
 * change things that nobody asked for. Never throws; what is wrong with a document stands in its `problem`.
 */
export function parseDocuments(text: string): YamlDocument[] {
  const lines = new (yaml().LineCounter)()
  try {
    // the library's own messages quote the source, which may be a secret: only error codes are used
    const options = { prettyErrors: false, logLevel: 'error', merge: true, lineCounter: lines } as const
    return [...yaml().parseAllDocuments(text, options)].map((document) => {
      const [error] = document.errors
      if (error) {
        const what = error.code.toLowerCase().replaceAll('_', ' ')
        return unreadable(`${what} in line ${lines.linePos(error.pos[0]).line}`, document.contents)
      }
      try {
        const value = document.toJS()
        // throws for an alias within its anchor, which makes a value that holds itself
        if (text.includes('*')) JSON.stringify(value)
        return { root: document.contents, value, problem: undefined }
      } catch {
        return unreadable(aliasProblem(document, lines), document.contents)
      }
    })
  } catch {
    return [unreadable('nested too deeply', null)]
  }
}

function unreadable(problem: string, root: Node | null): YamlDocument {
  return { root, value: undefined, problem }
}

/** Why the aliases of a document can't be followed. */
function aliasProblem(document: Document.Parsed, lines: LineCounter): string {
  const { visit } = yaml()
  let problem = 'too many aliases'
  visit(document, {
    Alias(_, alias, path) {
      const anchored = alias.resolve(document)
      if (anchored && !path.includes(anchored)) return undefined
      const where = anchored ? 'within its anchor' : 'without its anchor'
      problem = `an alias ${where} in line ${lines.linePos(alias.range?.[0] ?? 0).line}`
      return visit.BREAK
    },
  })
  return problem
}

/** The node that is written under `path`; what only a merge key or an alias brings is not there. */
export function nodeAt(root: Node | null, ...path: (string | number)[]): Node | undefined {
  const { isCollection, isNode } = yaml()
  let at: unknown = root
  for (const key of path) at = isCollection(at) ? at.get(key, true) : undefined
  return isNode(at) ? at : undefined
}

/** The key at the end of a path, as it is written; `undefined` where there is none. */
export function keyAt(root: Node | null, ...path: string[]): Node | undefined {
  const { isMap, isNode, isScalar } = yaml()
  const parent = path.length > 1 ? nodeAt(root, ...path.slice(0, -1)) : root
  const pair =
    isMap(parent) && parent.items.find(({ key }) => isScalar(key) && String(key.value) === path.at(-1))
  return pair && isNode(pair.key) ? pair.key : undefined
}
