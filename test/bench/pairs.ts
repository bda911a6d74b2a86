import { setTimeout } from 'node:timers/promises'

/** Two ways to do the same, in seconds. */
export interface Pair {
  ours: number
  theirs: number
  ratio: number
}

/**
 * Runs the two in turn, once more at first to warm up.
 * @param settling how long to wait before each, in ms, for what the other one has set going
 * @returns the median of each, and of the ratios pair by pair, for the speed of a machine changes meanwhile
 */
export async function compare(
  runs: number,
  ours: () => unknown,
  theirs: () => unknown,
  settling = 0,
): Promise<Pair> {
  const settled = async (work: () => unknown) => {
    await setTimeout(settling)
    return seconds(work)
  }
  const pairs: Pair[] = []
  for (let index = 0; index <= runs; index++) {
    const [a, b] = [await settled(ours), await settled(theirs)]
    pairs.push({ ours: a, theirs: b, ratio: a / b })
  }
  const of = (key: keyof Pair) => median(pairs.slice(1).map((pair) => pair[key]))
  return { ours: of('ours'), theirs: of('theirs'), ratio: of('ratio') }
}

export async function seconds(work: () => unknown): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

export const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
