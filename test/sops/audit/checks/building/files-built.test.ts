import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { auditIn, auditOf, ofCodes } from '../../../../helpers/audit.ts'
import { encrypt, secret } from '../../../../helpers/flux/encrypted-objects.ts'
import { fluxKustomization, kustomizationOf } from '../../../../helpers/flux/flux-objects.ts'
import { withRepository } from '../../../../helpers/repository.ts'

const block = '  decryption: {provider: sops, secretRef: {name: sops-age}}\n'
const root = { 'cluster/a.yaml': fluxKustomization('a', './apps', block) }
const text = encrypt(secret('s'))
const listed = { 'apps/kustomization.yaml': kustomizationOf('one.yaml'), 'apps/one.yaml': text }
const codes = ['not-built', 'not-listed', 'left-out', 'symbolic-link']

const cases: Record<string, [files: Record<string, string>, found: string[]]> = {
  'a file that is built': [{ ...root, 'apps/s.yaml': text }, []],
  'a file beside the path': [
    {
      ...root,
      'apps/s.yaml': text,
      'cluster/other/s.yaml': text,
      'cluster/kustomization.yaml': kustomizationOf('a.yaml'),
    },
    [],
  ],
  'a file below the directory of the path, which lists others': [
    { ...root, ...listed, 'apps/two/s.yaml': text },
    ['apps/two/s.yaml not-built'],
  ],
  'an archive at the top of the repository': [{ ...root, ...listed, 'archive/s.yaml': text }, []],
  'no Flux Kustomization at all': [{ 'apps/s.yaml': text }, []],
  'a path that only the cluster knows': [
    { ...root, ...listed, 'apps/two/s.yaml': text, 'cluster/b.yaml': fluxKustomization('b', './${' + 'X}') },
    [],
  ],
  'a file that the kustomization of its directory does not list': [
    { ...root, ...listed, 'apps/two.yaml': text },
    ['apps/two.yaml not-listed'],
  ],
  'an entry that is commented out': [
    {
      ...root,
      ...listed,
      'apps/kustomization.yaml': `${kustomizationOf('one.yaml')}#  - two.yaml\n`,
      'apps/two.yaml': text,
    },
    ['apps/two.yaml not-built'],
  ],
  'the key Secret, by its key': [
    { ...root, ...listed, 'apps/key.yaml': encrypt(secret('k').replace('token:', 'age.agekey:')) },
    [],
  ],
  'the key Secret, by its name': [{ ...root, ...listed, 'apps/key.yaml': encrypt(secret('sops-age')) }, []],
  'values, a kubeconfig and a configuration of Talos': [
    {
      ...root,
      ...listed,
      'apps/values.yaml': encrypt('stringData: {a: b}\n'),
      'apps/kubeconfig.yaml': encrypt('apiVersion: v1\nkind: Config\ndata: {a: b}\n'),
      'apps/talos.yaml': encrypt('version: v1alpha1\nmachine: {type: worker}\ndata: {token: x}\n'),
      'apps/secrets.env': encrypt('a=b\n', { name: 'x.env', rule: {} }),
    },
    [],
  ],
  'JSON in a directory without a kustomization file': [
    {
      ...root,
      'apps/s.json': encrypt(
        '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "Yg=="}}',
        { name: 'x.json' },
      ),
    },
    ['apps/s.json not-built'],
  ],
  'a file that .sourceignore leaves out, and a kustomization lists': [
    { ...root, ...listed, '.sourceignore': 'one.yaml\n' },
    ['apps/one.yaml left-out'],
  ],
  'a file of a generator that .sourceignore leaves out': [
    {
      ...root,
      'apps/kustomization.yaml': 'secretGenerator: [{name: g, envs: [x.env]}]\n',
      'apps/x.env': encrypt('a=b\n', { name: 'x.env', rule: {} }),
      'apps/.sourceignore': '*.env\n',
    },
    ['apps/x.env left-out'],
  ],
  'a file that .sourceignore leaves out, and nothing lists': [
    { ...root, 'apps/m.yaml': 'kind: ConfigMap\n', 'apps/one.yaml': text, '.sourceignore': 'one.yaml\n' },
    ['apps/one.yaml not-built'],
  ],
}

for (const [title, [files, expected]] of Object.entries(cases))
  test(`${title}: ${expected.length > 0 ? expected : 'nothing is found'}`, async () => {
    assert.equal(ofCodes(await auditOf(files), ...codes), expected)
  })

test('a symbolic link that a kustomization lists is found, and not one that nothing lists', () =>
  withRepository(
    { ...root, 'apps/kustomization.yaml': kustomizationOf('link.yaml'), 'shared/s.yaml': text },
    async (repository) => {
      for (const name of ['apps/link.yaml', 'apps/other.yaml'])
        symlinkSync('../shared/s.yaml', join(repository.root, name))
      repository.git('add', '--all')
      assert.equal(ofCodes(await auditIn(repository), ...codes), ['apps/link.yaml symbolic-link'])
    },
  ))

test('what is left out is told with the pattern and who has it', async () => {
  const { found, facts } = await auditOf({ ...root, ...listed, '.sourceignore': 'one.yaml\n' })
  const index = found.findIndex((one) => one.endsWith('left-out'))
  assert.equal(facts[index], {
    by: 'apps/kustomization.yaml',
    pattern: 'one.yaml',
    owner: '.sourceignore',
    line: '!/apps/one.yaml',
    into: '.sourceignore',
  })
})

test.run()
