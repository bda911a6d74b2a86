/** Works on several things at once, and never on all. @returns what came of each, in their order */
export async function inTurn<From, To>(
  all: readonly From[],
  atOnce: number,
  work: (one: From) => Promise<To>,
): Promise<To[]> {
  const done: To[] = []
  const left = all.entries()
  const worker = async () => {
    for (const [index, one] of left) done[index] = await work(one)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, worker))
  return done
}
