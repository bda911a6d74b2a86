import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CommandError, type UserError } from '../../../scripts/lib/errors.ts'
import { build, failingBuilds, kustomizationFilesIn } from '../../../scripts/lib/kustomize/build.ts'
import { namesFrom } from '../../../scripts/lib/paths.ts'
import { withDirectory, writeFiles } from '../../helpers/files.ts'
import { thrown } from '../../helpers/thrown.ts'

const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n'
const { env } = process
const status = () => {}

test('build: returns what kustomize prints, files from outside of the directory included', () =>
  withDirectory(async (cwd) => {
    writeFiles(cwd, { 'a.yaml': configMap, 'b/kustomization.yaml': 'resources: [../a.yaml]\n' })
    assert.is(await build(`${cwd}/b`, { cwd, nameOf: namesFrom(cwd), env }), configMap)
    assert.equal(kustomizationFilesIn(`${cwd}/b`), ['kustomization.yaml'])
    assert.equal(kustomizationFilesIn(cwd), [])
  }))

test('build: the reason, without paths of this machine', () =>
  withDirectory(async (cwd) => {
    writeFiles(cwd, {
      'b/kustomization.yaml': 'resources: [nothing.yaml]\n',
      'c/kustomization.yaml': 'resources: [../b]\n',
    })
    const messageOf = async (directory: string, from: string) => {
      const error = await thrown(build(join(cwd, directory), { cwd, nameOf: namesFrom(from), env }))
      assert.instance(error, CommandError)
      assert.not.match(error.message, cwd)
      return error.message
    }
    assert.match(await messageOf('b', cwd), /^kustomize build b failed: .* b\/nothing\.yaml/s)
    assert.match(
      await messageOf('c', join(cwd, 'd')),
      /^kustomize build \.\.\/c failed: .* \.\.\/b\/nothing\.yaml/s,
    )
  }))

test('build: kustomize that is not on PATH', () =>
  withDirectory(async (cwd) => {
    try {
      await build(cwd, { cwd, nameOf: namesFrom(cwd), env: { PATH: '/usr/bin:/bin' } })
      assert.unreachable()
    } catch (error) {
      assert.is((error as UserError).message, 'kustomize is not on PATH')
      assert.ok((error as UserError).hint)
    }
  }))

test('failingBuilds: just those that can not be built', () =>
  withDirectory(async (cwd) => {
    writeFiles(cwd, {
      'kustomization.yaml': 'resources: [good]\n',
      'good/kustomization.yaml': 'resources: [a.yaml]\n',
      'good/a.yaml': configMap,
      'bad/kustomization.yaml': 'resources: [a.yaml]\n',
      'worse/kustomization.yaml': 'a: {\n',
    })
    const failing = await failingBuilds(cwd, ['good', 'bad', '.', 'worse'], {
      env,
      status,
      signal: new AbortController().signal,
    })
    assert.equal([...failing.keys()].sort(), ['bad', 'worse'])
    assert.match(failing.get('bad')!.message, 'kustomize build bad failed')
  }))

test.run()
