import type { TextPlace } from './reading.ts'

/** @returns what tells the line and column of an offset in a text */
export function placesIn(text: string): (offset: number) => TextPlace {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let [low, high] = [0, starts.length]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle
    }
    return { line: low + 1, column: offset - starts[low]! + 1 }
  }
}

/**
 * Where a merge was left unfinished: the line of the first mark, where the marks of both sides and the line between them are
 * there (git merge: seven characters at the start of a line).
 * @returns the offset; `undefined` where there is none
 */
export function mergeConflict(text: string): number | undefined {
  if (!text.includes('<<<<<<<')) return undefined
  const found = /^<{7}(?: .*)?$(?=[\s\S]*^={7}\r?$[\s\S]*^>{7}(?: |\r?$))/m.exec(text)
  return found?.index
}
