const name = '[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?'
const domain = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?'
const key = `(?:${domain}(?:\\.${domain})*/)?${name}`
const values = `(?:${name})?(?:\\s*,\\s*(?:${name})?)*`

/** One requirement of a selector, such as `tier in (a, b)`. */
const requirement = new RegExp(
  `^\\s*(?:!\\s*(${key})|(${key})\\s*(?:(==?|!=)\\s*((?:${name})?)|([<>])\\s*(\\d+)|(?<=\\s)(in|notin)\\s*\\(\\s*(${values})\\s*\\))?)\\s*$`,
)

/**
 * Whether labels (or annotations) meet a selector in the syntax of Kubernetes: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`
 * (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors).
 * @returns `false` for a selector that cannot be read, as kustomize refuses it
 */
export function selects(selector: string, labels: Readonly<Record<string, string>>): boolean {
  return split(selector).every((part) => {
    const found = requirement.exec(part)
    if (!found) return false
    const [, absent, key, sign, value, order, bound, word, values] = found
    if (absent) return !Object.hasOwn(labels, absent)
    const label = Object.hasOwn(labels, key!) ? labels[key!] : undefined
    if (sign) return sign === '!=' ? label !== value : label === value
    if (order) return isInteger(label) && (order === '>' ? +label > +bound! : +label < +bound!)
    if (!word) return label !== undefined
    const isIn = label !== undefined && values!.split(',').some((one) => one.trim() === label)
    return word === 'in' ? isIn : !isIn
  })
}

function isInteger(label: string | undefined): label is string {
  return label !== undefined && /^[+-]?\d+$/.test(label)
}

/** At the commas that are not in parentheses. */
function split(selector: string): string[] {
  return selector.trim() === '' ? [] : selector.split(/,(?![^(]*\))/)
}
