import type { Alias, Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import { groupsOfRule, type RuleGroup } from '../../../lib/sops/rule-keys.ts'
import { nodeAt, parseDocuments, type YamlDocument } from '../../../lib/yaml/documents.ts'
import { listAt, valueAt } from '../../../lib/yaml/values.ts'
import { yaml } from '../../../lib/yaml/yaml-package.ts'

/** A text with recipients of age that a rule takes. */
export interface RecipientSite {
  /** The text; that of the anchor, where an alias brings it. */
  scalar: Scalar
  /** What stands in the rule: the text itself or an alias. */
  item: Node
  /** The list that it is an item of. */
  list: YAMLSeq | undefined
  /** The field of the rule or the group. */
  pair: Pair
}

/** A rule by which sops encrypts. */
export interface RuleSites {
  /** `creation rule 2`. */
  name: string
  /** Where it starts in the text. */
  offset: number
  /** What opens the files that it encrypts. */
  groups: RuleGroup[]
  /** Where its recipients of age are written. */
  sites: RecipientSite[]
}

/** The rules of a file, and what an edit of them has to know. */
export interface RuleDocument extends Pick<YamlDocument, 'value' | 'problem'> {
  rules: RuleSites[]
  /** Whether a plain text stands within braces or brackets, where a comma ends it. */
  isInFlow(scalar: Scalar): boolean
}

/**
 * Reads where the recipients of rules are written: of those by which sops encrypts, and of those by which it encrypts what it
 * publishes (sops v3.13.3 config/config.go creationRule, destinationRule). Aliases and merge keys are followed.
 * @param text of a file with creation rules, of which sops reads the first document only
 */
export function readRuleSites(text: string): RuleDocument {
  const [document] = parseDocuments(text)
  const root = document?.root ?? null
  const { value, problem } = document ?? { value: undefined, problem: undefined }
  const { isInFlow, resolve } = followAliases(problem === undefined ? root : null)
  const reader = new SiteReader(resolve)
  const read = (name: string, node: unknown, rule: unknown): RuleSites[] => {
    const mapping = resolve(node)
    if (!yaml().isMap(mapping)) return []
    const offset = mapping.range?.[0] ?? 0
    return [{ name, offset, groups: groupsOfRule(rule), sites: reader.ofRule(mapping) }]
  }
  const rulesAt = (field: string) => {
    const list = problem === undefined ? resolve(nodeAt(root, field)) : undefined
    const nodes = yaml().isSeq(list) ? list.items : []
    return nodes.map((node, index) => ({ node, number: index + 1, rule: listAt(value, field)[index] }))
  }
  const rules = [
    ...rulesAt('creation_rules').flatMap(({ node, number, rule }) =>
      read(`creation rule ${number}`, node, rule),
    ),
    ...rulesAt('destination_rules').flatMap(({ node, number, rule }) => {
      const field = 'recreation_rule'
      const inner = reader.pairOf(resolve(node), field)?.value
      return read(`the ${field} of destination rule ${number}`, inner, valueAt(rule, field))
    }),
  ]
  return { value, problem, rules, isInFlow }
}

type Resolve = (node: unknown) => Node | undefined

/** Each alias means the last anchor of its name before it. */
function followAliases(root: Node | null): { resolve: Resolve; isInFlow: RuleDocument['isInFlow'] } {
  const { visit, isAlias, isCollection, isNode } = yaml()
  const anchors = new Map<string, Node>()
  const targets = new Map<Alias, Node | undefined>()
  const inFlow = new Set<Node>()
  if (root)
    visit(root, {
      Node(_, node, path) {
        if (isAlias(node)) targets.set(node, anchors.get(node.source))
        else if (node.anchor) anchors.set(node.anchor, node)
        if (path.some((outer) => isCollection(outer) && outer.flow)) inFlow.add(node)
      },
    })
  const resolve: Resolve = (node) => (isAlias(node) ? targets.get(node) : isNode(node) ? node : undefined)
  return { resolve, isInFlow: (scalar) => inFlow.has(scalar) }
}

class SiteReader {
  readonly #resolve: Resolve

  constructor(resolve: Resolve) {
    this.#resolve = resolve
  }

  /** The keys of the rule itself do not count beside key groups; they are found all the same. */
  ofRule(rule: YAMLMap): RecipientSite[] {
    return [...this.#ofAge(rule), ...this.#ofGroups(rule, 'key_groups')]
  }

  /** The pair of a field: the mapping's own, or else the one that a merge key brings. */
  pairOf(mapping: unknown, field: string): Pair | undefined {
    const { isMap, isScalar, isSeq } = yaml()
    if (!isMap(mapping)) return undefined
    const named = (name: string) =>
      mapping.items.find(({ key }) => isScalar(key) && (key.source ?? key.value) === name)
    const own = named(field)
    if (own) return own
    const merged = this.#resolve(named('<<')?.value)
    const sources = isSeq(merged) ? merged.items.map(this.#resolve) : [merged]
    return sources.map((source) => this.pairOf(source, field)).find((pair) => pair !== undefined)
  }

  #ofGroups(mapping: YAMLMap, field: string): RecipientSite[] {
    const { isMap, isSeq } = yaml()
    const list = this.#resolve(this.pairOf(mapping, field)?.value)
    const groups = isSeq(list) ? list.items.map(this.#resolve) : []
    return groups
      .filter((group) => isMap(group))
      .flatMap((group) => [...this.#ofGroups(group, 'merge'), ...this.#ofAge(group)])
  }

  #ofAge(mapping: YAMLMap): RecipientSite[] {
    const { isNode, isScalar, isSeq } = yaml()
    const pair = this.pairOf(mapping, 'age')
    const value = this.#resolve(pair?.value)
    if (!pair || !isNode(pair.value)) return []
    if (isScalar(value)) return [{ scalar: value, item: pair.value, list: undefined, pair }]
    if (!isSeq(value)) return []
    return value.items.flatMap((item): RecipientSite[] => {
      const scalar = this.#resolve(item)
      return isNode(item) && isScalar(scalar) ? [{ scalar, item, list: value, pair }] : []
    })
  }
}
