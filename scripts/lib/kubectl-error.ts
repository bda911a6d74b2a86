import { CommandError } from './errors.ts'

/** What kept kubectl from doing it. */
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
  | 'other'

/** A kubectl call that failed, with the cause that its text tells: its exit code is always 1 (observed.md D7). */
export class KubectlError extends CommandError {
  readonly problem: KubectlProblem

  constructor(
    what: string,
    problem: KubectlProblem,
    error: CommandError,
    why: string,
    hint: string | undefined,
  ) {
    super(`${what}: ${why}`, error.code, error.stderr, hint === undefined ? {} : { hint })
    this.name = 'KubectlError'
    this.problem = problem
  }
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
  {
    text: /was refused|no such host|no route to host|i\/o timeout|deadline exceeded|TLS handshake|Client\.Timeout|network is unreachable|connection reset|certificate|EOF$/,
    problem: 'unreachable',
    hint: 'is the cluster running, and is this the right context (--context)?',
  },
]

/**
 * Turns the failure of a kubectl call into one that says what could not be done, why, and what to do.
 * @param what `cannot read secret flux-system/sops-age`
 */
export function explain(error: CommandError, what: string): KubectlError {
  // discovery repeats itself in klog lines before the line that counts
  const lines = error.stderr.split('\n').filter((line) => line.trim() && !/^[EWI]\d{4} /.test(line))
  const said = (lines.find((line) => /^error|^Error|^Unable|^The /.test(line)) ?? lines.at(-1) ?? '').replace(
    /^(error|Error from server( \(\w+\))?): /,
    '',
  )
  if (error.code === null) {
    return new KubectlError(
      what,
      'unreachable',
      error,
      'the API server did not answer in time',
      'is the cluster running, and is this the right context (--context)?',
    )
  }
  const rule = rules.find((candidate) => candidate.text.test(error.stderr))
  return new KubectlError(what, rule?.problem ?? 'other', error, rule?.why ?? said, rule?.hint)
}
