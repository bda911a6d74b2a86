import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { howToGet } from '../../scripts/lib/mise-tools.ts'
import { withDirectory, writeFiles } from '../helpers/files.ts'

const ours = readFileSync(join(import.meta.dirname, '..', '..', '.mise.toml'), 'utf8')

test('a program that mise has: the version that the tasks are tested with', () =>
  withDirectory(async (directory) => {
    for (const tool of ['age', 'kubectl', 'kustomize', 'sops']) {
      const version = new RegExp(`^${tool} = "(.*)"$`, 'm').exec(ours)?.[1]
      assert.is(
        howToGet(tool, directory, {}),
        `\`mise use ${tool}@${version}\`, the version that these tasks are tested with`,
      )
    }
    assert.match(howToGet('age-keygen', directory, {}), /^`mise use age@/)
  }))

test('any other program comes from elsewhere', () =>
  withDirectory(async (directory) => {
    assert.is(howToGet('git', directory, {}), "install git, for example with your system's package manager")
  }))

const configurations = [
  'mise.toml',
  '.mise.toml',
  'mise.local.toml',
  '.config/mise.toml',
  '.config/mise/config.toml',
  'mise/config.toml',
]
for (const file of configurations) {
  test(`${file} above names the tool already`, () =>
    withDirectory(async (directory) => {
      writeFiles(directory, { [file]: '[tools]\nsops = "3"\nage = { version = "1" }\n', 'a/b/.keep': '' })
      const below = join(directory, 'a', 'b')
      assert.is(
        howToGet('sops', below, { MISE_TASK_NAME: 'x' }),
        '`mise install sops`: your mise configuration names it',
      )
      assert.match(howToGet('sops', below, {}), /^`mise install sops`, then start the task with `mise run`/)
      assert.match(howToGet('age-keygen', below, {}), /^`mise install age`/)
      assert.match(howToGet('kubectl', below, {}), /^`mise use kubectl@/)
    }))
}

test('a configuration that cannot be read is left aside, and never quoted', () =>
  withDirectory(async (directory) => {
    writeFiles(directory, {
      'mise.toml': '[env]\nPASSWORD = "hunter2\n[tools]\nsops = "3"\n',
      '.mise.toml/x': '',
    })
    const advice = howToGet('sops', directory, {})
    assert.match(advice, /^`mise use sops@/)
    assert.not.match(advice, 'hunter2')
  }))

test.run()
