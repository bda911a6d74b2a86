/**
 * Lines for a person, a name and its value each; of several values one stands below the other.
 * What has no value is left out.
 */
export function rows(values: Record<string, string | readonly string[] | undefined>): string[] {
  const shown = Object.entries(values)
    .map(([name, value]) => ({ name, list: [value ?? []].flat() }))
    .filter(({ list }) => list.length > 0)
  const width = Math.max(...shown.map(({ name }) => name.length))
  return shown.flatMap(({ name, list }) =>
    list.map((value, index) => `  ${(index === 0 ? name : '').padEnd(width)}  ${value}`),
  )
}
