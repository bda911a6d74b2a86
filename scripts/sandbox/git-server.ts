import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makePushGate, type PushGate } from './push-gate.ts'

/** A git server on this machine. */
export interface GitServer {
  /** `http://127.0.0.1:PORT`; the repository `<root>/x.git` is at `<url>/x.git`. */
  url: string
  /** As of `PushGate`. */
  alone: PushGate['alone']
  /** Ends the requests that are under way and stops listening. */
  close(): Promise<void>
}

/**
 * Serves the bare repositories below `root` over git's smart HTTP on 127.0.0.1: `git http-backend` as a CGI program
 * (https://git-scm.com/docs/git-http-backend). A repository accepts pushes where its `http.receivepack` is true.
 * The server sees neither the user's git configuration nor their environment.
 * @param env for the PATH that git is found on
 * @throws an error where git is missing
 */
export async function startGitServer(root: string, env: NodeJS.ProcessEnv = process.env): Promise<GitServer> {
  const { stdout } = await promisify(execFile)('git', ['--exec-path'], { env })
  const backend = join(stdout.trim(), 'git-http-backend')
  const running = new Set<ChildProcess>()
  const gate = makePushGate()
  const server = createServer(async (request, response) => {
    const leave = await gate.enter(request.url ?? '')
    // who has gone meanwhile closes no more
    if (response.closed) return leave()
    response.once('close', leave)
    const child = spawn(backend, {
      env: cgiVariables(request, root, env),
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    running.add(child)
    child.once('close', () => running.delete(child))
    child.once('error', () => fail(response, 500))
    child.stdin.on('error', () => {})
    request.pipe(child.stdin)
    answer(child, response)
    response.once('close', () => kill(child))
  })
  server.requestTimeout = 0
  await new Promise<void>((done, failed) => server.once('error', failed).listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    alone: gate.alone,
    async close() {
      for (const child of running) kill(child)
      const closed = new Promise((done) => server.close(done))
      server.closeAllConnections()
      await closed
    },
  }
}

/** The request as CGI variables (RFC 3875, section 4.1). */
function cgiVariables(request: IncomingMessage, root: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { pathname, search } = new URL(request.url ?? '/', 'http://127.0.0.1')
  const { headers } = request
  return {
    PATH: env.PATH,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    GATEWAY_INTERFACE: 'CGI/1.1',
    REQUEST_METHOD: request.method,
    // git refuses a path with `..` in it by itself
    PATH_INFO: decode(pathname),
    QUERY_STRING: search.slice(1),
    REMOTE_ADDR: request.socket.remoteAddress,
    ...(headers['content-type'] && { CONTENT_TYPE: headers['content-type'] }),
    ...(headers['content-length'] && { CONTENT_LENGTH: headers['content-length'] }),
    ...(headers['content-encoding'] && { HTTP_CONTENT_ENCODING: headers['content-encoding'] }),
    ...(headers['git-protocol'] && { GIT_PROTOCOL: String(headers['git-protocol']) }),
  }
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return '/'
  }
}

/** Reads the CGI headers off the program's output and streams what follows. */
function answer(child: ChildProcess, response: ServerResponse): void {
  const output = child.stdout!
  let head = Buffer.alloc(0)
  const read = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    output.off('data', read)
    for (const line of head.subarray(0, end).toString('latin1').split('\r\n')) {
      const colon = line.indexOf(':')
      const name = line.slice(0, colon)
      const value = line.slice(colon + 1).trim()
      if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value, 10)
      else response.setHeader(name, value)
    }
    response.write(head.subarray(end + 4))
    output.pipe(response)
  }
  output.on('data', read)
  output.once('end', () => fail(response, 500))
}

/** Answers with an error where nothing has been answered yet. */
function fail(response: ServerResponse, status: number): void {
  if (!response.headersSent) response.writeHead(status).end()
}

/** The backend and the git programs that it started. */
function kill(child: ChildProcess): void {
  if (!child.pid || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}
