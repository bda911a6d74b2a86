import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'

export interface Key {
  /** A key file as age-keygen writes it. */
  text: string
  secret: string
  recipient: string
}

/** Makes an age key. @param args `-pq` for a post-quantum one */
export function makeKey(...args: string[]): Key {
  const text = execFileSync('age-keygen', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return {
    text,
    secret: /^AGE-SECRET-KEY-.*$/m.exec(text)![0],
    recipient: /public key: (.*)$/m.exec(text)![1]!,
  }
}

/** A public SSH key, whose private key nobody has. */
export function makeSshRecipient(): string {
  const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
  const parts = [Buffer.from('ssh-ed25519'), Buffer.from(x, 'base64url')]
  const lengths = parts.map(({ length }) => Buffer.from([0, 0, 0, length]))
  return `ssh-ed25519 ${Buffer.concat(parts.flatMap((part, index) => [lengths[index]!, part])).toString('base64')}`
}

/** A `.sops.yaml` like that of `examples/cluster`. */
export function sopsConfig(...recipients: string[]): string {
  return `creation_rules:\n  - path_regex: \\.enc\\.(json|yaml)$\n    encrypted_regex: ^(data|stringData)$\n    age: ${recipients.join(',')}\n`
}

/** Encrypts a Secret manifest with the real sops. */
export function encryptSecret(recipient: string, message = 'hello'): string {
  return encryptText(
    recipient,
    `apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\n  namespace: default\nstringData:\n  message: ${message}\n`,
  )
}

/** Encrypts the values of a manifest with the real sops. */
export function encryptText(recipient: string, input: string): string {
  const args = [
    '--config',
    '/dev/null',
    'encrypt',
    '--age',
    recipient,
    '--encrypted-regex',
    '^(data|stringData)$',
    '--input-type',
    'yaml',
    '--output-type',
    'yaml',
    '--filename-override',
    'x.yaml',
  ]
  return execFileSync('sops', args, { input, encoding: 'utf8', maxBuffer: 2 ** 24 })
}

/** Encrypts a file with the real sops, which takes the format from its name. @param args `--age`, `--encrypted-regex` … */
export function encryptAs(file: string, input: string, ...args: string[]): string {
  const all = ['--config', '/dev/null', 'encrypt', '--filename-override', file, ...args]
  return execFileSync('sops', all, { input, encoding: 'utf8' })
}
