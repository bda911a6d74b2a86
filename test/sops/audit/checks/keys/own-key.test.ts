import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keysFindings } from '../../../../../scripts/findings/catalogue/keys.ts'
import { ofCodes } from '../../../../helpers/audit.ts'
import { makeKey } from '../../../../helpers/keys.ts'
import { withRepository } from '../../../../helpers/repository.ts'
import { auditsOf } from '../../../../helpers/sops/with-key.ts'

const { inside } = auditsOf(keysFindings)

const key = makeKey()
const codes = ['key-file-readable', 'key-in-environment']

test('a key file that others can read', () =>
  withRepository({ '.gitignore': '.age-key.txt\n' }, async ({ root, env, directory }) => {
    const files = [join(root, '.age-key.txt'), join(directory, 'keys.txt')]
    for (const file of files) writeFileSync(file, key.text, { mode: 0o600 })
    const found = async () => [
      ...ofCodes(await inside({ root, env }), ...codes),
      ...ofCodes(await inside({ root, env }, { keyFile: files[1] }), ...codes),
    ]
    assert.equal(await found(), [])
    for (const file of files) chmodSync(file, 0o644)
    assert.equal(await found(), ['.age-key.txt key-file-readable', `${files[1]} key-file-readable`])
    // of a commit it is no matter
    assert.equal(ofCodes(await inside({ root, env }, { staged: true }), ...codes), [])
  }))

test('a key that mise or a .env file puts into the environment, with the variable', () =>
  withRepository({ '.gitignore': '*\n!.gitignore\n' }, async ({ root, env }) => {
    const files = {
      'mise.local.toml': `[tools]\nnode = "24"\n\n[env]\nA = 1\nSOPS_AGE_KEY = "${key.secret}"\n`,
      'mise.dev.toml': `[[env]]\nKEY = { value = "${key.secret}", redact = true }\n`,
      '.env': `# mine\nexport SOPS_AGE_KEY='${key.secret}'\n`,
      '.env.local': `SOPS_AGE_KEY_FILE=.age-key.txt\n`,
      // none of them reaches the environment
      '.mise.toml': `# SOPS_AGE_KEY = "${key.secret}"\n[env]\nSOPS_AGE_KEY_FILE = ".age-key.txt"\n`,
      'mise.toml': `[env\nSOPS_AGE_KEY = "${key.secret}"\n`,
      '.mise.local.toml': `[env]\nSOPS_AGE_KEY = "AGE-SECRET-KEY-1${'X'.repeat(58)}"\n`,
    }
    for (const [file, text] of Object.entries(files)) writeFileSync(join(root, file), text)
    const audited = await inside({ root, env })
    assert.equal(ofCodes(audited, ...codes), [
      '.env:2 key-in-environment',
      'mise.dev.toml:2 key-in-environment',
      'mise.local.toml:6 key-in-environment',
    ])
    assert.equal(
      audited.facts.map(({ variable }) => variable),
      ['SOPS_AGE_KEY', 'KEY', 'SOPS_AGE_KEY'],
    )
    assert.not.ok(JSON.stringify(audited).includes(key.secret))
  }))

test.run()
