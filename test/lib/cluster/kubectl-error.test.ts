import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { explain, explainAnswer } from '../../../scripts/lib/cluster/kubectl-error.ts'
import { CommandError } from '../../../scripts/lib/errors.ts'

/** What kubectl 1.36 says; observed on a real API server. */
const cases: [problem: string, stderr: string, message: RegExp][] = [
  [
    'unreachable',
    'E1124 05:00:00.000000 1 memcache.go:265] "Unhandled Error" err="couldn\'t get current server API group list"\nThe connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?',
    /^cannot read x: The connection to the server 127\.0\.0\.1:1 was refused/,
  ],
  [
    'no-config',
    'The connection to the server localhost:8080 was refused - did you specify the right host or port?',
    /no kubeconfig with a current context/,
  ],
  ['no-config', 'error: current-context is not set', /no kubeconfig with a current context/],
  [
    'unknown-context',
    'Error in configuration: context was not found for specified context: nope',
    /specified context: nope/,
  ],
  [
    'no-config',
    'error: error loading config file "x": yaml: did not find expected key',
    /loading config file/,
  ],
  ['unauthorized', 'error: EOF', /no credentials for this context/],
  ['unauthorized', 'error: You must be logged in to the server (Unauthorized)', /must be logged in/],
  [
    'forbidden',
    'Error from server (Forbidden): secrets "a" is forbidden: User "nobody" cannot get resource "secrets" in API group "" in the namespace "d5"',
    /^cannot read x: secrets "a" is forbidden/,
  ],
  [
    'no-namespace',
    'Error from server (NotFound): namespaces "nope" not found',
    /namespaces "nope" not found/,
  ],
  ['not-found', 'Error from server (NotFound): secrets "nope" not found', /^cannot read x: secrets "nope"/],
  ['no-such-kind', 'error: the server doesn\'t have a resource type "widgets"', /resource type "widgets"/],
  ['unreachable', 'Unable to connect to the server: net/http: TLS handshake timeout', /TLS handshake/],
  [
    'conflict',
    'error: Apply failed with 1 conflict: conflict with "kubectl-create" using v1: .data.age.agekey',
    /1 conflict/,
  ],
  ['other', 'error: something new', /^cannot read x: something new$/],
]

for (const [problem, stderr, message] of cases) {
  test(`${problem}: ${stderr.slice(0, 60).split('\n')[0]}`, () => {
    const error = explain(new CommandError('kubectl failed', 1, stderr), 'cannot read x')
    assert.is(error.problem, problem)
    assert.match(error.message, message)
    assert.is(error.exitCode, 2)
  })
}

const status = (reason: string, message: string) => JSON.stringify({ kind: 'Status', reason, message })

/** What the API server 1.36 and kubectl proxy say; observed. */
const answers: [problem: string, code: number, body: string, message: RegExp][] = [
  ['unauthorized', 401, status('Unauthorized', 'Unauthorized'), /^cannot read x: Unauthorized$/],
  [
    'forbidden',
    403,
    status('Forbidden', 'secrets "a" is forbidden: User "b" cannot get resource'),
    /^cannot read x: secrets "a" is forbidden/,
  ],
  ['not-found', 404, status('NotFound', 'secrets "a" not found'), /^cannot read x: secrets "a" not found$/],
  ['no-namespace', 404, status('NotFound', 'namespaces "a" not found'), /namespaces "a" not found$/],
  ['no-such-kind', 404, '404 page not found\n', /could not find the requested resource$/],
  ['conflict', 409, status('Conflict', 'the object has been modified'), /has been modified$/],
  ['expired', 410, status('Expired', 'too old resource version: 1 (2)'), /too old resource version/],
  ['unreachable', 500, 'dial tcp 127.0.0.1:1: connect: connection refused\n', /connection refused$/],
  [
    'unreachable',
    500,
    'tls: failed to verify certificate: x509: certificate signed by unknown authority\n',
    /unknown authority$/,
  ],
  ['unauthorized', 500, 'getting credentials: exec: executable a not found\n', /executable a not found$/],
  ['other', 500, '<html>', /^cannot read x: <html>$/],
  ['other', 422, status('Invalid', 'is wrong: AGE-SECRET-KEY-1QQQ'), /^cannot read x: is wrong: <redacted>$/],
]

for (const [problem, code, body, message] of answers) {
  test(`${problem}: ${code} ${body.trim().slice(0, 60)}`, () => {
    const error = explainAnswer('cannot read x', code, body)
    assert.is(error.problem, problem)
    assert.match(error.message, message)
  })
}

test('a call that was ended because it took too long', () => {
  const error = explain(new CommandError('kubectl did not end', null, ''), 'cannot read x')
  assert.is(error.problem, 'unreachable')
  assert.is(error.message, 'cannot read x: the API server did not answer in time')
})

test.run()
