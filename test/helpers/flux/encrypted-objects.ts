import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeKey } from '../keys.ts'

/** The key that everything is encrypted to where nothing else is said. */
export const key = makeKey()

const values = { encrypted_regex: '^(data|stringData)$' }

/**
 * What sops makes of a text.
 * @param name decides the format
 * @param rule the creation rule, without its keys
 * @param to key groups
 */
export function encrypt(
  text: string,
  { name = 'x.yaml', rule = values as object, to = [[key]] } = {},
): string {
  const directory = mkdtempSync(join(tmpdir(), 'flux-sops-rule-'))
  try {
    const config = join(directory, '.sops.yaml')
    const groups = to.map((group) => ({ age: group.map(({ recipient }) => recipient) }))
    writeFileSync(config, JSON.stringify({ creation_rules: [{ ...rule, key_groups: groups }] }))
    const args = ['--config', config, 'encrypt', '--filename-override', join(directory, name)]
    return execFileSync('sops', args, { input: text, encoding: 'utf8' })
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Encrypts all that is in a file. */
export const whole = (text: string, name = 'x.yaml') => encrypt(text, { name, rule: {} })

/** base64 */
export const encoded = (text: string) => Buffer.from(text).toString('base64')

/**
 * An object in the namespace `default`.
 * @param annotation of the annotations of kustomize-controller, as `decrypt: disabled`
 */
function object(kind: string, name: string, body: string, annotation?: string): string {
  const annotations = annotation ? `  annotations: {kustomize.toolkit.fluxcd.io/${annotation}}\n` : ''
  return `apiVersion: v1\nkind: ${kind}\nmetadata:\n  name: ${name}\n  namespace: default\n${annotations}${body}`
}

/** A Secret with a value under `stringData`. */
export const secret = (name: string, token = 'clear', annotation?: string) =>
  object('Secret', name, `stringData:\n  token: ${token}\n`, annotation)
/** A Secret with a value under `data`. */
export const withData = (name: string, token = encoded('clear')) =>
  object('Secret', name, `data:\n  token: "${token}"\n`)
/** A ConfigMap whose value is `clear`. */
export const map = (name: string) => object('ConfigMap', name, 'data:\n  token: clear\n')
