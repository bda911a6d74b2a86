import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  directoriesThatInclude,
  isKustomizationFile,
  readKustomizationFiles,
} from '../../../scripts/lib/kustomize/kustomization-file.ts'
import { withDirectory, writeFiles } from '../../helpers/files.ts'

test('directoriesThatInclude: through resources, bases, components and overlays', () =>
  withDirectory(async (cwd) => {
    const files = {
      'base/kustomization.yaml': 'resources:\n  - ./a.yaml\n',
      'over/one/kustomization.yml': 'resources: [../../base/]\n',
      'over/two/Kustomization': 'bases: [../../base]\n',
      'comp/kustomization.yaml': 'kind: Component\nresources: [../over/one]\n',
      'kustomization.yaml': 'resources: [https://example.com/x]\ncomponents: [comp]\n',
      'other/kustomization.yaml': 'resources: [b.yaml]\npatches: [{path: ../base/a.yaml}]\n',
      'loop/kustomization.yaml': 'resources: [../loop, ../kustomization.yaml]\n',
      'broken/kustomization.yaml': 'resources: [../base',
    }
    writeFiles(cwd, files)
    const read = readKustomizationFiles(cwd, [...Object.keys(files), 'gone/kustomization.yaml'])
    assert.equal(directoriesThatInclude(read, ['base/a.yaml']), ['.', 'base', 'comp', 'over/one', 'over/two'])
    assert.equal(directoriesThatInclude(read, ['base/other.yaml']), [])
    assert.equal(directoriesThatInclude(read, ['other/b.yaml']), ['other'])
    assert.ok(isKustomizationFile('x/Kustomization') && !isKustomizationFile('x/my-kustomization.yaml'))
    assert.equal(
      readKustomizationFiles(cwd, Object.keys(files), () => false),
      [],
    )
  }))

test.run()
