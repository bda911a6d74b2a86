import { listAt, type Mapping, valueAt } from '../../yaml/values.ts'
import { type Variables, variablesOf } from './post-build.ts'

/** What a Flux Kustomization replaces variables with. */
export interface Substitution {
  /** `spec.postBuild.substitute`. */
  variables: Variables
  /** Whether objects of the cluster bring more of them. */
  hasMore: boolean
}

/**
 * How a Flux Kustomization replaces variables, which it does after decryption
 * (fluxcd/pkg/kustomize v1.35.4 kustomize_varsub.go SubstituteVariables).
 * @returns `undefined` where it does not, or may not
 */
export function substitutionOf(value: Mapping): Substitution | undefined {
  const variables = variablesOf(value)
  const from = listAt(value, 'spec', 'postBuild', 'substituteFrom')
  const replaces =
    Object.keys(variables).length > 0 ||
    from.some((one) => valueAt(one, 'optional') !== true) ||
    valueAt(value, 'spec', 'postBuild', 'substituteStrategy') === 'Always'
  return replaces ? { variables, hasMore: from.length > 0 } : undefined
}

/** What of an object switches the replacing off, as a label or an annotation. */
const switchName = 'kustomize.toolkit.fluxcd.io/substitute'

/** Whether an object is left as it is. */
export function isNotSubstituted(object: Mapping): boolean {
  return ['labels', 'annotations'].some(
    (field) => valueAt(object, 'metadata', field, switchName) === 'disabled',
  )
}

/** What is in a text in which Flux replaces variables. */
export interface Expressions {
  /** The variables that must have a value: those without a default. */
  needed: ReadonlySet<string>
  /** Whether there is a `${` that is no expression, which Flux refuses. */
  isBroken: boolean
  /** Whether it has `$$` that is not before a brace: one of the two is lost. */
  losesDollar: boolean
}

/** Reads a text as fluxcd/pkg/envsubst v1.7.0 does (parse/parse.go). */
export function expressionsIn(text: string): Expressions {
  const needed = new Set<string>()
  let losesDollar = false
  let at = text.indexOf('$')
  while (at >= 0) {
    const next = text[at + 1]
    if (next === '{') {
      const end = readExpression(text, at + 2, needed)
      if (end === undefined) return { needed, isBroken: true, losesDollar }
      at = end
    } else {
      if (next === '$' && text[at + 2] !== '{') losesDollar = true
      at += next === '$' ? 2 : 1
    }
    at = text.indexOf('$', at)
  }
  return { needed, isBroken: false, losesDollar }
}

/**
 * @param start behind `${`
 * @returns where it ends; `undefined` where it can't be read
 */
function readExpression(text: string, start: number, needed: Set<string>): number | undefined {
  let at = readHead(text, start, needed)
  // those in its arguments are read in the same loop: they may be nested deeper than our stack
  for (let open = 1; at !== undefined && at < text.length; ) {
    if (text.startsWith('${', at)) {
      at = readHead(text, at + 2, needed)
      open++
    } else if (text[at++] === '}' && --open === 0) return at
  }
  return undefined
}

/** @returns where its arguments start, or the brace that ends it; `undefined` where it can't be read */
function readHead(text: string, start: number, needed: Set<string>): number | undefined {
  const head = /#?([\p{L}\p{Nd}_]+)(:?[=?+-]|[:,^/#%])?/uy
  head.lastIndex = start
  const [all = '', name, operator] = head.exec(text) ?? []
  if (name === undefined) return undefined
  const at = start + all.length
  if (operator === undefined || all.startsWith('#')) {
    needed.add(name)
    return text[at] === '}' ? at : undefined
  }
  // there is no ${name-default}, only ${name:-default}
  if (/^[?+-]/.test(operator)) return undefined
  if (!/[=?+-]$/.test(operator)) needed.add(name)
  return at
}
