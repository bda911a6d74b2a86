import { bytesFor, type DataObject } from '../../lib/sops/files/data-objects.ts'
import { type Finding, finding } from '../finding.ts'
import type { ObjectCheck } from './object-check.ts'

/** The keys that a type of Secret must have (kubernetes v1.36.3 pkg/apis/core/validation/validation.go ValidateSecret). */
const required: ReadonlyMap<string, readonly string[]> = new Map([
  ['kubernetes.io/dockerconfigjson', ['.dockerconfigjson']],
  ['kubernetes.io/dockercfg', ['.dockercfg']],
  ['kubernetes.io/ssh-auth', ['ssh-privatekey']],
  ['kubernetes.io/tls', ['tls.crt', 'tls.key']],
])

/** Secrets that lack what their type wants. Those without any key are left to what fills them. */
export const checkSecretType: ObjectCheck = (object, file) => {
  const type = object.kind === 'Secret' ? object.textAt('type') : undefined
  if (!type || object.entries.length === 0) return []
  const { text, line, column } = type
  const missing = missingKeys(object, text).map((key) =>
    finding('secret-key-missing', { file, line, column }, { type: text, key, file }),
  )
  return [...missing, ...brokenDockerConfigs(object, text, file)]
}

function missingKeys({ entries }: DataObject, type: string): readonly string[] {
  const lacks = (key: string) => !entries.some((entry) => entry.key === key)
  if (type === 'kubernetes.io/basic-auth')
    return lacks('username') && lacks('password') ? ['username or password'] : []
  return (required.get(type) ?? []).filter(lacks)
}

function brokenDockerConfigs({ entries }: DataObject, type: string, file: string): Finding[] {
  if (!type.startsWith('kubernetes.io/dockerc')) return []
  return entries
    .filter((entry) => required.get(type)?.includes(entry.key) && isNoObject(bytesFor(entry)))
    .map(({ path, line, column }) =>
      finding('docker-config-broken', { file, line, column }, { path, type, file }),
    )
}

/** As Go decides, which wants a mapping and takes `null`. */
function isNoObject(bytes: Buffer | undefined): boolean {
  if (!bytes) return false
  try {
    const value: unknown = JSON.parse(`${bytes}`)
    return typeof value !== 'object' || Array.isArray(value)
  } catch {
    return true
  }
}
