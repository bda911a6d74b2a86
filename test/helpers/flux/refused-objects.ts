/** An object, what the audit says of it, and so what the API server says. */
export interface ObjectCase {
  manifest: string
  /** Of the plain manifest, and of the encrypted one with a key: `value-not-text:8`, by line of the plain one. */
  findings: readonly string[]
  /** Whether the API server takes it; for a warning and a note it does. */
  accepted: boolean
}

const secret = (name: string, rest: string, type = '') =>
  `apiVersion: v1\nkind: Secret\n${type && `type: ${type}\n`}metadata:\n  name: ${name}\n${rest}`
const refused = (manifest: string, ...findings: string[]): ObjectCase => ({
  manifest,
  findings,
  accepted: false,
})
const accepted = (manifest: string, ...findings: string[]): ObjectCase => ({
  manifest,
  findings,
  accepted: true,
})

const base64 = (text: string) => Buffer.from(text).toString('base64')
const tls = 'kubernetes.io/tls'
const docker = 'kubernetes.io/dockerconfigjson'
const dockercfg = 'kubernetes.io/dockercfg'
const basic = 'kubernetes.io/basic-auth'
const ssh = 'kubernetes.io/ssh-auth'

/** What stands in the values of these and of the paths, and in no name. */
export const plantedValues = [
  '86428642',
  '8642.25',
  'plover',
  'plugh',
  'xyzzy',
  'eHl6',
  'enk',
  '2026-01-02',
  'HOME',
]

/** What API servers are said to refuse, each with its nearest neighbour that is accepted. */
export const objectCases: Readonly<Record<string, ObjectCase>> = {
  number: refused(secret('number', 'stringData:\n  a: 86428642\n'), 'value-not-text:6'),
  'number in quotes': accepted(secret('quotes', 'stringData:\n  a: "86428642"\n')),
  float: refused(secret('float', 'stringData:\n  a: x\n  b: 8642.25\n'), 'value-not-text:7'),
  boolean: refused(secret('boolean', 'stringData:\n  a: true\n'), 'value-not-text:6'),
  null: accepted(secret('null-text', 'stringData:\n  a: null\n')),
  'null in data': accepted(secret('null-data', 'data:\n  a:\n')),
  mapping: refused(secret('mapping', 'stringData:\n  a:\n    b: plover\n'), 'value-not-text:7'),
  list: refused(secret('list', 'stringData:\n  a:\n    - plover\n    - plugh\n'), 'value-not-text:8'),
  'block text': accepted(secret('block', 'stringData:\n  a: |\n    b: 1\n')),
  'number in data': refused(secret('number-data', 'data:\n  a: 8642\n'), 'value-not-text:6'),
  'number in a ConfigMap': refused(
    secret('config', 'data:\n  a: 8642\n').replace('Secret', 'ConfigMap'),
    'value-not-text:6',
  ),
  'text in a ConfigMap': accepted(
    secret('config-text', 'data:\n  a: no base64!\n').replace('Secret', 'ConfigMap'),
  ),
  'text in binaryData': refused(
    secret('config-binary', 'binaryData:\n  a: no base64!\n').replace('Secret', 'ConfigMap'),
    'data-not-base64:6',
  ),
  'text in data': refused(secret('text', 'data:\n  a: xyzzy-plugh\n'), 'data-not-base64:6'),
  'base64 without padding': refused(secret('padding', 'data:\n  a: eHl6enk\n'), 'data-not-base64:6'),
  'base64 for URLs': refused(secret('url', 'data:\n  a: -_-_\n'), 'data-not-base64:6'),
  'base64 with a blank': refused(secret('blank', 'data:\n  a: "eHl6 enk="\n'), 'data-not-base64:6'),
  'base64 with line ends': accepted(secret('lines', 'data:\n  a: |\n    eHl6\n    enk=\n')),
  'base64 with line ends in the padding': accepted(secret('cut', 'data:\n  a: "eHk=\\r\\n"\n')),
  'base64 with bits that do not count': accepted(secret('bits', 'data:\n  a: eHl=\n')),
  'an empty text in data': accepted(secret('empty', 'data:\n  a: ""\n')),
  'the mask in base64': accepted(secret('mask', `data:\n  a: ${base64('**SOPS**')}\n`), 'value-masked:6'),
  'the mask': accepted(secret('mask-text', 'stringData:\n  a: "**SOPS**"\n'), 'value-masked:6'),
  'the mask of a Docker configuration': accepted(
    secret('mask-docker', `data:\n  .dockerconfigjson: ${base64('{"mask":"**SOPS**"}')}\n`, docker),
    'value-masked:7',
  ),
  'a key with a blank': refused(secret('key', 'stringData:\n  a b: x\n'), 'key-refused:6'),
  'a key with a slash': refused(secret('slash', 'stringData:\n  a/b: x\n'), 'key-refused:6'),
  'a key with two dots in front': refused(secret('dots', 'stringData:\n  ..a: x\n'), 'key-refused:6'),
  'a key of one dot': refused(secret('dot', 'stringData:\n  .: x\n'), 'key-refused:6'),
  'a key with a dot in front': accepted(secret('hidden', 'stringData:\n  .a-B_1: x\n')),
  'a key of 254 characters': refused(
    secret('long', `stringData:\n  ${'k'.repeat(254)}: x\n`),
    'key-refused:6',
  ),
  'a key of 253 characters': accepted(secret('not-long', `stringData:\n  ${'k'.repeat(253)}: x\n`)),
  'more than 1 MiB': refused(
    secret('large', `stringData:\n  a: ${'x'.repeat(1024 * 1024)}\n  b: x\n`),
    'object-too-large:2',
  ),
  '1 MiB in base64': accepted(secret('base64', `data:\n  a: ${base64('x'.repeat(1024 * 1024))}\n`)),
  'more than 1 MiB in base64': refused(
    secret('large-base64', `data:\n  a: ${base64('x'.repeat(1024 * 1024 + 1))}\n`),
    'object-too-large:2',
  ),
  'a type of JavaScript': accepted(secret('constructor', 'stringData:\n  a: x\n', 'constructor')),
  '1 MiB': accepted(secret('not-large', `stringData:\n  a: ${'x'.repeat(1024 * 1024)}\n`)),
  'TLS with one key': refused(secret('tls', 'stringData:\n  tls.crt: x\n', tls), 'secret-key-missing:3'),
  'TLS with other keys': refused(
    secret('tls-other', 'stringData:\n  cert: x\n  key: x\n', tls),
    'secret-key-missing:3',
    'secret-key-missing:3',
  ),
  'TLS without any key, which something may bring': refused(secret('tls-none', '', tls)),
  TLS: accepted(secret('tls-both', `stringData:\n  tls.crt: x\ndata:\n  tls.key: ""\n`, tls)),
  'a Docker configuration under another key': refused(
    secret('docker', 'stringData:\n  config.json: "{}"\n', docker),
    'secret-key-missing:3',
  ),
  'a Docker configuration that is no JSON': refused(
    secret('docker-text', 'stringData:\n  .dockerconfigjson: xyzzy\n', docker),
    'docker-config-broken:7',
  ),
  'a Docker configuration that is encoded twice': refused(
    secret('docker-twice', `data:\n  .dockerconfigjson: ${base64(base64('{}'))}\n`, docker),
    'docker-config-broken:7',
  ),
  'an old Docker configuration that is a list': refused(
    secret('dockercfg', 'stringData:\n  .dockercfg: "[]"\n', dockercfg),
    'docker-config-broken:7',
  ),
  'a Docker configuration that is null': accepted(
    secret('docker-null', 'stringData:\n  .dockerconfigjson: "null"\n', docker),
  ),
  'a Docker configuration': accepted(
    secret('docker-right', `data:\n  .dockerconfigjson: ${base64('{"auths": {}}')}\n`, docker),
  ),
  'basic authentication without its keys': refused(
    secret('basic', 'stringData:\n  user: x\n', basic),
    'secret-key-missing:3',
  ),
  'basic authentication with one of them': accepted(
    secret('basic-one', 'stringData:\n  username: x\n', basic),
  ),
  'SSH under another key': refused(
    secret('ssh', 'stringData:\n  identity: x\n', ssh),
    'secret-key-missing:3',
  ),
  SSH: accepted(secret('ssh-right', 'stringData:\n  ssh-privatekey: x\n', ssh)),
  'a type of somebody': accepted(secret('own', 'stringData:\n  a: x\n', 'example.com/tls')),
}
