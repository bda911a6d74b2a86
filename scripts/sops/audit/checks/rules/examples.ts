/** What stands for any text: nobody's file is called so. */
const anything = ['', 'zqx', 'zqx/zqx']

/** How many are made of one expression; of more alternatives than that it is not certain. */
const most = 400

/**
 * Paths that a regular expression selects: each of its alternatives, with nothing, a name and a directory in place of what may be
 * anything, and at an end that it leaves open.
 * @returns `undefined` where it has something else than letters, alternatives, `.*`, `?` and the ends
 */
export function examplePaths(expression: string): string[] | undefined {
  const read = new Expression(expression)
  const found = read.alternatives()
  if (!found || !read.isDone) return undefined
  const [start, end] = [/^\^/.test(expression), /(?<!\\)\$$/.test(expression)]
  const whole = times(times(start ? [''] : ['', 'zqx/', 'zqx'], found), end ? [''] : ['', 'zqx'])
  return whole && whole.length <= most * 9 ? whole : undefined
}

/** Each of the first with each of the second; `undefined` where these are too many. */
function times(first: readonly string[] | undefined, second: readonly string[] | undefined) {
  if (!first || !second || first.length * second.length > most * 9) return undefined
  return first.flatMap((one) => second.map((other) => one + other))
}

/** An expression, read from the left. */
class Expression {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text.replace(/^\^/, '').replace(/(?<!\\)\$$/, '')
  }

  get isDone(): boolean {
    return this.#at === this.#text.length
  }

  alternatives(): string[] | undefined {
    let all: string[] | undefined = []
    do {
      const one = this.#sequence()
      all = all && one && [...all, ...one]
    } while (this.#take('|'))
    return all
  }

  #sequence(): string[] | undefined {
    let all: string[] | undefined = ['']
    while (!this.isDone && !/[|)]/.test(this.#text[this.#at] ?? '')) {
      const one = this.#repeated()
      all = times(all, one)
      if (!all) return undefined
    }
    return all
  }

  #repeated(): string[] | undefined {
    if (/^(?:\.|\[\^\/\])[*+]/.test(this.#text.slice(this.#at))) {
      const isName = this.#text[this.#at] === '['
      this.#at += isName ? 5 : 2
      const some = this.#text[this.#at - 1] === '+' ? anything.slice(1) : anything
      return isName ? some.filter((text) => !text.includes('/')) : some
    }
    const one = this.#single()
    if (this.#take('?')) return one && ['', ...one]
    return /^[*+{]/.test(this.#text.slice(this.#at)) ? undefined : one
  }

  #single(): string[] | undefined {
    if (this.#take('(')) {
      if (this.#text.startsWith('?', this.#at) && !this.#take('?:')) return undefined
      const inner = this.alternatives()
      return this.#take(')') ? inner : undefined
    }
    const [found, escaped, plain] =
      /^(?:\\([\W_])|([^\\^$*+?()[\]{}|]))/.exec(this.#text.slice(this.#at)) ?? []
    if (found === undefined) return undefined
    this.#at += found.length
    // a dot that is not escaped was meant as one
    return [escaped ?? plain ?? '']
  }

  #take(text: string): boolean {
    const isThere = this.#text.startsWith(text, this.#at)
    if (isThere) this.#at += text.length
    return isThere
  }
}
