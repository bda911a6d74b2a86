/** What is in every file with ciphertext of SOPS, also where it is a value of a Secret and so base64. */
export const ciphertextMarks: readonly string[] = ['ENC[AES256_GCM,', ...base64Forms('ENC[AES256_GCM,')]

/** What base64 makes of a text wherever it stands: the characters that nothing beside it changes, for each alignment. */
function base64Forms(text: string): string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.from(' '.repeat(before) + text).toString('base64')
    return encoded.slice(Math.ceil((before * 4) / 3), Math.floor(((before + text.length) * 4) / 3))
  })
}

/** What Flux looks for in a file before it takes it for one of SOPS (flux-sops.md 1.4). That of JSON is for other files as well. */
const marks = { yaml: 'mac: ENC[', json: '"mac": "ENC[', dotenv: 'sops_mac=ENC[', ini: '[sops]' }

/**
 * Whether Flux decrypts a manifest after `kustomize build`: an object with a `sops` block, or a Secret with a value under
 * `data` that is a SOPS file itself (flux-sops.md 1.4 B).
 * @param text of a YAML or JSON file of resources
 */
export function isEncryptedManifest(text: string): boolean {
  const block = /^\s*\{/.test(text) ? /"sops"\s*:\s*\{/ : /^(sops|"sops"|'sops')\s*:/m
  if (/\bmac["']?\s*:\s*["']?ENC\[AES256_GCM,/.test(text) && block.test(text)) return true
  if (!/\bkind["']?\s*:\s*["']?Secret\b/.test(text)) return false
  // a value may be written over several lines
  const values = text.replace(/\r?\n[ \t]+/g, '').match(/[A-Za-z0-9+/]{200,}={0,2}/g) ?? []
  return values.some((value) => {
    const decoded = Buffer.from(value, 'base64').toString('latin1')
    return Object.values(marks).some((mark) => decoded.includes(mark))
  })
}

/** Whether Flux decrypts a file before the build, by the mark that it looks for in the format (flux-sops.md 1.4 A). */
export function isEncryptedSource(text: string, name: string, env = false): boolean {
  return text.includes(marks[formatOf(name, env)])
}

function formatOf(name: string, env: boolean): keyof typeof marks {
  if (/\.ya?ml$/.test(name)) return 'yaml'
  if (/\.(json|dockerconfigjson)$/.test(name)) return 'json'
  if (/\.ini$/.test(name)) return 'ini'
  return env || /\.env$/.test(name) ? 'dotenv' : 'json'
}
