import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { directoriesOf, findResourceSets } from '../../../scripts/lib/repository/resource-sets.ts'

const made = (spec: string, more = '') =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: x\n${more}spec:\n${spec}`
const set = (spec: string) => `kind: ResourceSet\nmetadata: {name: teams}\nspec:\n${spec}`
const indented = (text: string, by: number) => text.trimEnd().replaceAll('\n', `\n${' '.repeat(by)}`)
const find = (text: string) => findResourceSets(new Map([['x.yaml', text]]))

test('findResourceSets: the Kustomizations in its resources and its template', () => {
  const inResources = set(
    `  resources:\n    - kind: Namespace\n    - ${indented(made('  path: ./<< inputs.team >>\n'), 6)}\n`,
  )
  const one = { file: 'x.yaml', set: 'teams', name: 'x', path: './<< inputs.team >>', decrypts: false }
  const plain = (text: string) => find(text).map(({ value, ...rest }) => rest)
  assert.equal(plain(inResources), [one])
  const template = `<<- range $team := inputs.teams >>\n---\n${made('  path: ./a\n  decryption: {provider: sops}\n')}<<- end >>\n`
  assert.equal(plain(set(`  resourcesTemplate: |\n    ${indented(template, 4)}\n`)), [
    { ...one, path: './a', decrypts: true },
  ])
  assert.equal(find(made('  path: ./a\n')), [])
  assert.equal(find(set('  resources: [{kind: Kustomization, apiVersion: x/v1}]\n')), [])
})

test('directoriesOf: whatever the inputs are', () => {
  const directories = ['teams/a', 'teams/b', 'teams/b/c', 'teams', '.', 'a.b', 'axb']
  const of = (path: string) =>
    directoriesOf({ file: '', set: '', name: '', path, decrypts: false, value: {} }, directories)
  assert.equal(of('./teams/<< inputs.team >>'), ['teams/a', 'teams/b'])
  assert.equal(of('./teams/<< inputs.a >>/<< inputs.b >>'), ['teams/b/c'])
  assert.equal(of('a.b'), ['a.b'])
  assert.equal(of('./'), ['.'])
  assert.equal(of('../x'), [])
})

test.run()
