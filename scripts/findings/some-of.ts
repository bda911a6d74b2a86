/** The first of some names, and how many more there are: `a`; `a and 2 more`. @param most how many are named */
export function someOf(names: readonly string[], most = 1): string {
  const more = names.length > most ? ` and ${names.length - most} more` : ''
  return `${names.slice(0, most).join(', ')}${more}`
}
