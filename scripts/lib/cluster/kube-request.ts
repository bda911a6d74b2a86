import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { UserError } from '../errors.ts'
import { throwIfInterrupted } from '../program.ts'
import type { Cluster } from './kubectl.ts'
import {
  explainAnswer,
  isOfPlugin,
  KubectlError,
  logInFirst,
  noAnswer,
  pluginIsSilent,
  whichCluster,
} from './kubectl-error.ts'
import { startPatience } from './patience.ts'

/** What is asked of the API server; a GET where nothing is changed. */
export interface Request {
  path: string
  method?: 'DELETE'
  query?: Record<string, string>
  /** What to change. It may hold a secret: no error quotes it. */
  patch?: { type: 'merge-patch+json' | 'apply-patch+yaml'; body: object }
  /** What the API server is to make, or to answer. */
  post?: object
}

/**
 * Sends a request and reads the whole answer.
 * @param what how an error begins
 * @throws KubectlError
 */
export async function call<T>(cluster: Cluster, what: string, options: Request): Promise<T> {
  const patience = startPatience(cluster.plugin)
  try {
    return JSON.parse(await text(await send(cluster, what, options, patience.signal)))
  } catch (error) {
    throw await connectionError(cluster, what, error, patience.signal)
  } finally {
    patience.release()
  }
}

/**
 * @param late ends the request
 * @param hasTerminal kubectl was started again for it, with the terminal
 * @returns the answer, whose body is still to come
 * @throws KubectlError for every other status than 2xx
 */
export async function send(
  cluster: Cluster,
  what: string,
  asked: Request,
  late: AbortSignal,
  hasTerminal = false,
): Promise<IncomingMessage> {
  const { path, query = {}, patch, post, method } = asked
  // an import of it reads all that it exports, and so loads undici for its WebSocket: 45 ms of a processor
  const { request } = process.getBuiltinModule('node:http')
  const socketPath = await cluster.socket
  const headers = {
    // the only name that kubectl proxy answers to
    host: 'localhost',
    accept: 'application/json',
    ...(patch && { 'content-type': `application/${patch.type}` }),
    ...(post && { 'content-type': 'application/json' }),
  }
  const url = `${path}?${new URLSearchParams(query)}`
  const signal = cluster.signal ? AbortSignal.any([cluster.signal, late]) : late
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const verb = method ?? (patch ? 'PATCH' : post ? 'POST' : 'GET')
    // without a server name Node looks whether the host is an address, by an expression that takes 5 ms to compile
    const way = { socketPath, servername: '', agent: false } as const
    const sent = request({ ...way, method: verb, path: url, headers, signal })
    sent
      .on('response', resolve)
      .on('error', reject)
      .end(patch || post ? JSON.stringify(patch?.body ?? post) : undefined)
  })
  const status = answer.statusCode ?? 0
  if (status >= 200 && status < 300) return answer
  const body = await text(answer)
  if (isOfPlugin(body) && !hasTerminal && (await cluster.takeTerminal()))
    return send(cluster, what, asked, late, true)
  const words = isOfPlugin(body) ? await cluster.plugin.lastWords() : ''
  throw explainAnswer(what, status, body, words)
}

/** What to say of a failure: for what is no answer, the connection itself. @throws the reason of an abort */
export async function connectionError(
  { context, signal, plugin }: Cluster,
  what: string,
  error: unknown,
  late?: AbortSignal,
): Promise<unknown> {
  signal?.throwIfAborted()
  const command = late?.aborted && plugin.lives() !== false ? await plugin.waitedFor() : undefined
  if (command !== undefined)
    return new KubectlError(
      what,
      'unauthorized',
      pluginIsSilent(command, plugin.words()),
      logInFirst(command),
    )
  const isLost = !late?.aborted && !(error instanceof UserError)
  // one that has the terminal ends with us
  if (isLost) await throwIfInterrupted(signal)
  const why = isLost ? 'kubectl proxy has ended the connection' : noAnswer
  const known = error instanceof UserError ? error : new KubectlError(what, 'unreachable', why, whichCluster)
  // without a context kubectl goes to localhost:8080, and that is not what is wrong
  if (known instanceof KubectlError && known.problem === 'unreachable') await context
  return known
}
