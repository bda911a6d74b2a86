import { type CommandError, UserError } from '../errors.ts'
import { redact } from '../redact.ts'

/** What kept kubectl, or the API server behind it, from doing it. */
export type KubectlProblem =
  | 'no-config'
  | 'unknown-context'
  | 'unreachable'
  | 'unauthorized'
  | 'forbidden'
  | 'no-namespace'
  | 'not-found'
  | 'no-such-kind'
  | 'conflict'
  | 'expired'
  | 'other'

/** A call that failed, with the cause that its text tells: the exit code of kubectl is always 1 (docs/decryption.md#the-key-secret-and-kubectl). */
export class KubectlError extends UserError {
  readonly problem: KubectlProblem

  constructor(what: string, problem: KubectlProblem, why: string, hint: string | undefined) {
    super(`${what}: ${why}`, hint === undefined ? {} : { hint })
    this.name = 'KubectlError'
    this.problem = problem
  }
}

/** Why a call failed that had no answer. */
export const noAnswer = 'the API server did not answer in time'
/** The hint where a cluster cannot be reached. */
export const whichCluster = 'is the cluster running, and is this the right context (--context)?'

/** Why a call failed that a credential plugin has kept waiting. @param words what it has said, redacted; may be empty */
export function pluginIsSilent(command: string, words: string): string {
  return `${command}, which gives the credentials of this context, did not end in time${words && `; it says: ${words}`}`
}

/** The hint where a credential plugin waits, for a login perhaps. */
export function logInFirst(command: string): string {
  return `log in first, as with \`kubectl get namespaces\`: ${command} may be waiting for an answer`
}

interface Rule {
  text: RegExp
  problem: KubectlProblem
  why?: string
  hint: string | undefined
}

const rules: readonly Rule[] = [
  {
    text: /localhost:8080|current-context is not set|no configuration has been provided/,
    problem: 'no-config',
    why: 'there is no kubeconfig with a current context',
    hint: 'set KUBECONFIG, or choose a context with --context (`kubectl config get-contexts` lists them)',
  },
  {
    text: /context was not found for specified context|context "[^"]*" does not exist/,
    problem: 'unknown-context',
    hint: '`kubectl config get-contexts` lists the contexts of your kubeconfig',
  },
  {
    text: /error loading config file|^error: stat /m,
    problem: 'no-config',
    hint: 'check the file that KUBECONFIG names',
  },
  {
    // kubectl asks for a user name then, and there is nobody to answer
    text: /^(error: )?EOF$/m,
    problem: 'unauthorized',
    why: 'the kubeconfig has no credentials for this context',
    hint: 'log in again, or choose another context with --context',
  },
  {
    text: /Unauthorized|must be logged in|asked for the client to provide credentials|getting credentials/,
    problem: 'unauthorized',
    hint: 'the cluster does not accept these credentials: log in again, or choose another context with --context',
  },
  {
    text: /\(Forbidden\)|is forbidden: User/,
    problem: 'forbidden',
    hint: 'ask for this right, or choose another context with --context',
  },
  {
    text: /namespaces "[^"]+" not found/,
    problem: 'no-namespace',
    hint: 'create the namespace first (`flux install` or `flux bootstrap` makes flux-system), or name another one',
  },
  {
    text: /doesn't have a resource type|no matches for kind|could not find the requested resource/,
    problem: 'no-such-kind',
    hint: 'is Flux installed in this cluster? `kubectl get crd | grep fluxcd` should list its kinds',
  },
  { text: /\(NotFound\)/, problem: 'not-found', hint: undefined },
  {
    text: /\(Conflict\)|Apply failed with \d+ conflict|object has been modified/,
    problem: 'conflict',
    hint: undefined,
  },
  { text: /\((Expired|Gone)\)/, problem: 'expired', hint: undefined },
  {
    text: /was refused|connection refused|no such host|no route to host|i\/o timeout|deadline exceeded|TLS handshake|Client\.Timeout|network is unreachable|connection reset|certificate|EOF$/,
    problem: 'unreachable',
    hint: whichCluster,
  },
]

/**
 * Turns the failure of a kubectl call into one that says what could not be done, why, and what to do.
 * @param what `cannot read secret flux-system/sops-age`
 */
export function explain(error: CommandError, what: string): KubectlError {
  // discovery repeats itself in klog lines before the line that counts
  const lines = error.stderr.split('\n').filter((line) => line.trim() && !/^[EWI]\d{4} /.test(line))
  const said = lines.find((line) => /^error|^Error|^Unable|^The /.test(line)) ?? lines.at(-1) ?? ''
  if (error.code === null) return new KubectlError(what, 'unreachable', noAnswer, whichCluster)
  return byRule(what, error.stderr, said)
}

/**
 * As `explain`, for an answer of the API server, or of kubectl proxy where it got none.
 * @param body a `Status`, or text
 * @param words what the credential plugin behind it has said, redacted; may be empty
 */
export function explainAnswer(what: string, status: number, body: string, words = ''): KubectlError {
  const { reason, message } = statusOf(body) ?? {
    reason: status,
    // what kubectl makes of the page behind a path that is not there
    message: status === 404 ? 'the server could not find the requested resource' : body.trim(),
  }
  const plugin = words && `; it says: ${words}`
  const said = `Error from server (${reason}): ${redact(message)}${plugin}`
  return byRule(what, said, said)
}

/** Whether an answer of kubectl proxy is that of a credential plugin which failed. */
export function isOfPlugin(body: string): boolean {
  return /getting credentials/.test(body)
}

function statusOf(body: string): { reason: string; message: string } | undefined {
  try {
    const { kind, reason = 'Unknown', message = '' } = JSON.parse(body)
    return kind === 'Status' ? { reason, message } : undefined
  } catch {
    return undefined
  }
}

function byRule(what: string, text: string, said: string): KubectlError {
  const rule = rules.find((candidate) => candidate.text.test(text))
  const why = rule?.why ?? said.replace(/^(error|Error from server( \(\w+\))?): /, '')
  return new KubectlError(what, rule?.problem ?? 'other', why, rule?.hint)
}
