import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { failingInclusions, inclusionsOf } from '../../../scripts/lib/kustomize/inclusions.ts'
import { readKustomizationFiles } from '../../../scripts/lib/kustomize/kustomization-file.ts'
import { withDirectory, writeFiles } from '../../helpers/files.ts'
import { traceCalls } from '../../helpers/trace.ts'

/** What includes `file`, level by level, as the kustomization files say. */
function levels(cwd: string, files: Record<string, string>, ...included: string[]): string[][] {
  writeFiles(cwd, files)
  const { tops, below } = inclusionsOf(readKustomizationFiles(cwd, Object.keys(files)), included)
  const found = [[...tops]]
  const seen = new Set(tops)
  for (let next = tops.flatMap(below); next.length > 0; next = next.flatMap(below)) {
    const fresh = [...new Set(next)].filter((directory) => !seen.has(directory)).toSorted()
    if (fresh.length === 0) break
    for (const directory of fresh) seen.add(directory)
    found.push(fresh)
  }
  return found
}

test('inclusionsOf: through resources, bases, components and overlays', () =>
  withDirectory(async (cwd) => {
    const files = {
      'base/kustomization.yaml': 'resources:\n  - ./a.yaml\n',
      'over/one/kustomization.yml': 'resources: [../../base/]\n',
      'over/two/Kustomization': 'bases: [../../base]\n',
      'comp/kustomization.yaml': 'kind: Component\nresources: [../over/one]\n',
      'kustomization.yaml': 'resources: [https://example.com/x]\ncomponents: [comp]\n',
      'other/kustomization.yaml': 'resources: [b.yaml]\npatches: [{path: ../base/a.yaml}]\n',
      'broken/kustomization.yaml': 'resources: [../base',
    }
    assert.equal(levels(cwd, files, 'base/a.yaml'), [['.', 'over/two'], ['base', 'comp'], ['over/one']])
    assert.equal(levels(cwd, files, 'base/other.yaml'), [[]])
    assert.equal(levels(cwd, files, 'other/b.yaml'), [['other']])
    // its own kustomization file is edited
    assert.equal(levels(cwd, files, 'over/one/kustomization.yml', 'over/one'), [
      ['.'],
      ['comp'],
      ['over/one'],
    ])
  }))

test('inclusionsOf: those that include each other are built as well, for kustomize to refuse them', () =>
  withDirectory(async (cwd) => {
    const files = {
      'a/kustomization.yaml': 'resources: [../b, x.yaml]\n',
      'b/kustomization.yaml': 'resources: [../a]\n',
      'itself/kustomization.yaml': 'resources: [../itself, ../a]\n',
      'top/kustomization.yaml': 'resources: [y.yaml]\n',
    }
    assert.equal(levels(cwd, files, 'a/x.yaml', 'top/y.yaml'), [['top', 'a', 'b', 'itself']])
  }))

const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`
const list = (...resources: string[]) => `resources: [${resources.join(', ')}]\n`

/** Runs it with the real kustomize. @returns what fails, and the directories that were built, in order */
async function failing(cwd: string, files: Record<string, string>, ...included: string[]) {
  writeFiles(cwd, files)
  const { env, calls } = traceCalls(cwd, process.env, ['kustomize'])
  const kustomizations = readKustomizationFiles(
    cwd,
    Object.keys(files).filter((file) => file.endsWith('kustomization.yaml')),
  )
  const signal = new AbortController().signal
  const caller = { env, signal, status: () => {} }
  const found = await failingInclusions(cwd, inclusionsOf(kustomizations, included), caller)
  const built = [...calls().matchAll(/kustomize build .* (\S+)$/gm)].map(([, directory]) => directory)
  const nameOf = (directory = '') => directory.slice(join(cwd, '/').length) || '.'
  return { found: [...found.keys()], built: built.map(nameOf).toSorted() }
}

test('failingInclusions: a build that succeeds proves all that it includes', () =>
  withDirectory(async (cwd) => {
    const files = {
      'kustomization.yaml': list('a', 'b'),
      'a/kustomization.yaml': list('x.yaml', 'deep'),
      'a/x.yaml': configMap('x'),
      'a/deep/kustomization.yaml': list('y.yaml'),
      'a/deep/y.yaml': configMap('y'),
      'b/kustomization.yaml': list('z.yaml'),
      'b/z.yaml': configMap('z'),
    }
    assert.equal(await failing(cwd, files, 'a/x.yaml', 'a/deep/y.yaml', 'b/z.yaml'), {
      found: [],
      built: ['.'],
    })
  }))

test('failingInclusions: below one that fails each part is built by itself, but for what another one proves', () =>
  withDirectory(async (cwd) => {
    const files = {
      'bad/kustomization.yaml': list('../good', '../worse', 'nothing.yaml'),
      'other/kustomization.yaml': list('../good'),
      'good/kustomization.yaml': list('x.yaml', 'deep'),
      'good/x.yaml': configMap('x'),
      'good/deep/kustomization.yaml': list('y.yaml'),
      'good/deep/y.yaml': configMap('y'),
      'worse/kustomization.yaml': list('../alone', 'nothing.yaml'),
      'alone/kustomization.yaml': list('z.yaml'),
      'alone/z.yaml': configMap('z'),
    }
    assert.equal(await failing(cwd, files, 'good/x.yaml', 'good/deep/y.yaml', 'alone/z.yaml'), {
      found: ['bad', 'worse'],
      built: ['alone', 'bad', 'other', 'worse'],
    })
  }))

test.run()
