/**
 * The facts of `removed-version`.
 * @param who has them: `2 of them have`
 * @param removed `flux`: the version of Flux that removed it
 */
export function removedFacts(
  who: string,
  removed: readonly { version: string; flux: string }[],
): { who: string; versions: string } {
  return { who, versions: removed.map(({ version, flux }) => `${version} (in Flux ${flux})`).join(' or ') }
}
