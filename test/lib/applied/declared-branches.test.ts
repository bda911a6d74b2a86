import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { declaredBranches } from '../../../scripts/lib/applied/declared-branches.ts'
import { withRepository } from '../../helpers/repository.ts'

const url = 'ssh://git@example.com/us/fleet'
const source = (ref: string, of = url, kind = 'GitRepository') =>
  `apiVersion: source.toolkit.fluxcd.io/v1\nkind: ${kind}\nmetadata: {name: any}\nspec: {url: "${of}"${ref}}\n`
const instance = (ref: string) =>
  `apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux}\nspec: {sync: {kind: GitRepository, url: "${url}"${ref}}}\n`

const cases: Record<string, [files: Record<string, string>, branches: string[]]> = {
  'of a GitRepository': [{ 'a/gotk-sync.yaml': source(', ref: {branch: live}') }, ['live']],
  'of one with the URL of another kind': [
    { 'a.yml': source(', ref: {branch: live}', 'https://example.com/us/fleet.git') },
    ['live'],
  ],
  'by its full name': [{ 'a.yaml': source(', ref: {name: refs/heads/live}') }, ['live']],
  'where nothing is named': [{ 'a.yaml': source('') }, ['master']],
  'of a FluxInstance': [{ 'flux.yaml': instance(', ref: refs/heads/live') }, ['live']],
  'of two clusters': [
    { 'a.yaml': source(', ref: {branch: live}'), 'b.yaml': source(', ref: {branch: staging}') },
    ['live', 'staging'],
  ],
  'not of a tag, a version or a commit': [
    {
      'a.yaml': source(', ref: {branch: live, tag: v1}'),
      'b.yaml': source(', ref: {semver: ">=1"}'),
      'c.yaml': instance(', ref: refs/tags/v1'),
    },
    [],
  ],
  'not of another repository': [{ 'a.yaml': source(', ref: {branch: live}', `${url}-2`) }, []],
  'not of another kind of source': [{ 'a.yaml': source('', url, 'Bucket') }, []],
  'not with a variable in it': [{ 'a.yaml': source(`, ref: {branch: "\${branch}"}`) }, []],
  'not of a text': [{ 'README.md': source(', ref: {branch: live}') }, []],
  'not of what cannot be read': [{ 'a.yaml': source(', ref: {branch: {{ .branch }}}') }, []],
}

for (const [title, [files, branches]] of Object.entries(cases))
  test(`the branches that Flux follows, by the files: ${title}`, () =>
    withRepository(files, async ({ root, env }) => {
      assert.equal([...(await declaredBranches({ root, env }, `${url}.git`))], branches)
    }))

test.run()
