import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** A thing that is lent: what the borrower is told of it, as JSON, and how it ends. */
export interface Thing<T> {
  told: T
  end(): Promise<void>
}

/**
 * Lends things that take long to make to other processes, each to one borrower at a time. One is made when none is free.
 *
 * A borrower keeps its connection open. What it gives back is for the next one; where it just goes, because a test failed or
 * its process ended, nobody knows how it left the thing, and the thing is ended.
 * @param socket the path that `borrow` is told
 * @returns ends all things
 */
export async function lend<T>(socket: string, make: () => Promise<Thing<T>>): Promise<() => Promise<void>> {
  const made = new Set<Promise<Thing<T>>>()
  const free: Promise<Thing<T>>[] = []
  const end = (thing: Promise<Thing<T>>) =>
    thing
      .then(({ end }) => end())
      .catch(() => {})
      .finally(() => made.delete(thing))
  const server = createServer((borrower) => {
    const thing = free.pop() ?? make()
    made.add(thing)
    thing.then(
      ({ told }) => borrower.write(JSON.stringify({ told })),
      (error) => borrower.write(JSON.stringify({ error: String(error) })),
    )
    let isBack = false
    borrower.once('data', () => {
      isBack = true
      free.push(thing)
      borrower.end()
    })
    borrower.on('error', () => {})
    borrower.once('close', () => isBack || end(thing))
  })
  await once(server.listen(socket), 'listening')
  return async () => {
    server.close()
    await Promise.all([...made].map(end))
  }
}

/** Borrows a thing for as long as `use` takes, and gives it back where `use` does not throw. */
export async function borrow<T, R>(socket: string, use: (told: T) => Promise<R>): Promise<R> {
  const lender = connect(socket)
  try {
    const [answer] = await once(lender, 'data')
    const { told, error } = JSON.parse(answer)
    if (error) throw new Error(error)
    const result = await use(told)
    lender.write('back')
    await once(lender, 'close')
    return result
  } finally {
    lender.destroy()
  }
}
