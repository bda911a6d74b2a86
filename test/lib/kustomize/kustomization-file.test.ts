import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  isKustomizationFile,
  readKustomizationFiles,
} from '../../../scripts/lib/kustomize/kustomization-file.ts'
import { withDirectory, writeFiles } from '../../helpers/files.ts'

test('readKustomizationFiles: those that are wanted, and what is not there left out', () =>
  withDirectory(async (cwd) => {
    writeFiles(cwd, { 'a/kustomization.yaml': 'resources: [x]\n' })
    const files = ['a/kustomization.yaml', 'gone/kustomization.yaml']
    assert.equal(
      readKustomizationFiles(cwd, files).map(({ directory, resources }) => [directory, resources]),
      [['a', ['a/x']]],
    )
    assert.equal(
      readKustomizationFiles(cwd, files, () => false),
      [],
    )
    assert.ok(isKustomizationFile('x/Kustomization') && !isKustomizationFile('x/my-kustomization.yaml'))
  }))

test.run()
