import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CommandError, type UserError } from '../../../scripts/lib/errors.ts'
import { build, failingBuilds, kustomizationFilesIn } from '../../../scripts/lib/kustomize/build.ts'
import { withDirectory, writeFiles } from '../../helpers/files.ts'

const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n'
const { env } = process
const status = () => {}

test('build: returns what kustomize prints, files from outside of the directory included', () =>
  withDirectory(async (cwd) => {
    writeFiles(cwd, { 'a.yaml': configMap, 'b/kustomization.yaml': 'resources: [../a.yaml]\n' })
    assert.is(await build(`${cwd}/b`, { cwd, env }), configMap)
    assert.equal(kustomizationFilesIn(`${cwd}/b`), ['kustomization.yaml'])
    assert.equal(kustomizationFilesIn(cwd), [])
  }))

test('build: the reason, without paths of this machine', () =>
  withDirectory(async (cwd) => {
    writeFiles(cwd, { 'b/kustomization.yaml': 'resources: [nothing.yaml]\n' })
    try {
      await build(`${cwd}/b`, { cwd, env })
      assert.unreachable()
    } catch (error) {
      assert.instance(error, CommandError)
      const { message } = error as CommandError
      assert.match(message, /^kustomize build b failed: .*nothing\.yaml/s)
      assert.not.match(message, cwd)
    }
  }))

test('build: kustomize that is not on PATH', () =>
  withDirectory(async (cwd) => {
    try {
      await build(cwd, { cwd, env: { PATH: '/usr/bin:/bin' } })
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
