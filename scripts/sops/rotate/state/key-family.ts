/**
 * The texts that have the data key of one of some others: each has a mark in common with one of these, or with one that has.
 * @param first the names of those to begin with
 * @param marks what tells the data key of each text, by their names
 * @returns their names, the first ones among them
 */
export function keyFamily(
  first: ReadonlySet<string>,
  marks: ReadonlyMap<string, ReadonlySet<string>>,
): Set<string> {
  const holders = new Map<string, string[]>()
  for (const [name, own] of marks)
    for (const one of own) {
      const names = holders.get(one)
      if (names) names.push(name)
      else holders.set(one, [name])
    }
  const family = new Set(first)
  // a set is walked over to its end, also over what is added meanwhile
  for (const name of family)
    for (const one of marks.get(name) ?? []) for (const other of holders.get(one) ?? []) family.add(other)
  return family
}
