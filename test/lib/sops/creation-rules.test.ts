import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { namesFrom } from '../../../scripts/lib/paths.ts'
import {
  findCreationRules,
  noCreationRule,
  recipientsInRules,
} from '../../../scripts/lib/sops/creation-rules.ts'
import { writeFiles } from '../../helpers/files.ts'
import { makeKey, sopsConfig } from '../../helpers/keys.ts'
import { withRepository } from '../../helpers/repository.ts'

const [one, two] = [makeKey().recipient, makeKey().recipient]

test('findCreationRules: the nearest file above, never one outside of the repository', () =>
  withRepository({ 'a/.sops.yaml': '', '.sops.yaml': '' }, async (repository) => {
    const { root, directory } = repository
    const rulesOf = (file: string) => findCreationRules(join(root, file), repository, namesFrom(root))
    assert.is(rulesOf('a/b/c.yaml'), join(root, 'a/.sops.yaml'))
    assert.is(rulesOf('b/c.yaml'), join(root, '.sops.yaml'))
    assert.is(rulesOf('c.yaml'), join(root, '.sops.yaml'))
    repository.git('rm', '--quiet', '.sops.yaml')
    writeFiles(directory, { '.sops.yaml': '' })
    assert.throws(() => rulesOf('b/c.yaml'), /cannot encrypt b\/c\.yaml: there is no \.sops\.yaml/)
  }))

test('findCreationRules: SOPS_CONFIG decides', () =>
  withRepository({ '.sops.yaml': '' }, async ({ root, env }) => {
    const repository = { root, env: { ...env, SOPS_CONFIG: 'other.yaml' } }
    const rules = findCreationRules(join(root, 'a.yaml'), repository, namesFrom(root))
    assert.is(rules, join(root, 'other.yaml'))
  }))

test('noCreationRule: names the rules that were tried', () =>
  withRepository({ a: sopsConfig(one), b: 'creation_rules: []\n' }, async ({ root }) => {
    const errorOf = async (rules: string) =>
      (await noCreationRule('x.yaml', join(root, rules), rules)).message
    assert.is(
      await errorOf('a'),
      'cannot encrypt x.yaml: no creation rule in a matches this path. Tried:\n  path_regex: \\.enc\\.(json|yaml)$',
    )
    assert.is(await errorOf('b'), 'cannot encrypt x.yaml: b has no creation rules')
  }))

test('recipientsInRules: of every .sops.yaml, and of no other file', () =>
  withRepository(
    { '.sops.yaml': sopsConfig(one), 'a/b/.sops.yaml': sopsConfig(two), 'c.yaml': makeKey().recipient },
    async (repository) => assert.equal(await recipientsInRules(repository), new Set([one, two])),
  ))

test.run()
