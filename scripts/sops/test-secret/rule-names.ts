/** What stands for any text in a name. */
const anything = 'secret'

/**
 * Guesses names of files that a regular expression of paths may select: its last part, and that with the directory before it.
 * Whoever uses them must match them.
 * @param pathRegex a regular expression of Go, as in `path_regex`
 * @returns as `secret.sops.yaml` and `secrets/secret.sops.yaml`, the shorter first
 */
export function guessNames(pathRegex: string): string[] {
  return examplePaths(pathRegex).flatMap((path) => {
    const [directory, last = ''] = ['', ...path.split('/')].slice(-2)
    const file = fileName(last)
    return [file, ...(directory ? [`${directory}/${file}`] : [])]
  })
}

/** Paths that the regular expression matches, as far as replacing one thing after the other can tell. */
function examplePaths(pathRegex: string): string[] {
  const flat = pathRegex
    .replace(/\\([/_-])/g, '$1')
    .replace(/\(\?[a-zA-Z-]*\)|(?<!\\)[\^$]|\\[AbzZ]/g, '')
    .replace(/\(\?(?:P?<\w+>|[a-zA-Z-]*:)/g, '(')
    .replace(/(?<!\\)\[(?:\\.|[^\]\\])+\](?:[*+]\??|\{[\d,]+\})?/g, anything)
    .replace(/(?<!\\)(?:\.|\\[wS])(?:[*+]\??|\{[\d,]+\})/g, anything)
  const alternatives = withoutGroups(flat).split('|')
  return alternatives.map((one) => one.replace(/(?<=[\w-])[*+?]/g, '').replace(/\\(?=\W)/g, ''))
}

/** With one alternative in place of each group: that for YAML where there is one. */
function withoutGroups(text: string): string {
  const flat = text.replace(/(?<!\\)\(([^()]*)\)[*+?]?/g, (_, group: string) => {
    const [first = '', ...others] = group.split('|')
    return [first, ...others].find((one) => /^(?:.*\.)?ya\??ml$/.test(one)) ?? first
  })
  return flat === text ? text : withoutGroups(flat)
}

function fileName(part: string): string {
  const name = part.startsWith('.') ? `${anything}${part}` : part || anything
  return /\.(?:ya?ml|json)$/.test(name) ? name : `${name}.yaml`
}
