import { randomBytes } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { which } from 'zx/core'
import { requestSync } from '../../../scripts/sandbox/flux-system.ts'
import { writeFiles } from '../../helpers/files.ts'
import { type Place, withPlace } from '../../helpers/flux/verify.ts'
import { encryptSecret, makeKey } from '../../helpers/keys.ts'

const kustomization = 'kubernetes/infrastructure/kustomization.yaml'
const sibling = 'kubernetes/infrastructure/sibling.yaml'
const target = 'kustomization flux-system/infrastructure'

/** A name that no other test uses: in the sandbox nobody takes a namespace away. */
const newNamespace = () => `verify-${randomBytes(4).toString('hex')}`

/** A sibling beside the test Secret. */
const withSibling = (manifest: string) => ({
  [kustomization]: 'resources:\n  - sibling.yaml\n',
  [sibling]: `apiVersion: v1\n${manifest}`,
})

/** Runs it, and sees that it was refused before anything was pushed. @returns the finding that decides */
async function refused(place: Place, exitCode: 1 | 2, code: string, ...args: string[]) {
  const before = await place.tip()
  const run = await place.verify(args)
  assert.is(run.code, exitCode, run.stderr)
  const [finding] = run.json.findings
  assert.is(finding?.code, code, run.stderr)
  assert.is(run.json.stages[0]!.status, 'failed')
  assert.is(await place.tip(), before, 'something was pushed')
  return finding!
}

async function proves(place: Place) {
  const { code, json, stderr } = await place.verify()
  assert.is(code, 0, stderr)
  return json.findings
}

/** Waits until Flux says at the tip of the branch that the Kustomization is not ready. */
async function failing({ sandbox, kubectl, tip }: Place, name: string) {
  const commit = await tip()
  await requestSync(sandbox)
  const wait = (condition: string) =>
    kubectl(['wait', '-n', 'flux-system', `kustomization/${name}`, `--for=${condition}`, '--timeout=60s'])
  await wait(`jsonpath={.status.lastAttemptedRevision}=main@sha1:${commit}`)
  await wait('condition=Ready=False')
}

test('a Kustomization that is failing at the revision that Flux has is told with its cause, and not once it is mended', () =>
  withPlace(async (place) => {
    const namespace = newNamespace()
    await place.push(withSibling(`kind: ConfigMap\nmetadata: {name: sibling, namespace: ${namespace}}\n`))
    await failing(place, 'infrastructure')
    const finding = await refused(place, 1, 'namespace-missing')
    assert.is(finding.object, target)
    assert.match(
      finding.message,
      /^is failing already, at the commit that Flux has: ReconciliationFailed: .*\nlikely cause: /,
    )
    // mended, and Flux has not tried again
    await place.kubectl(['create', 'namespace', namespace])
    assert.equal(await proves(place), [])
  }))

test('so is a file that another key is needed for', () =>
  withPlace(async (place) => {
    await place.push({
      [kustomization]: 'resources:\n  - sibling.yaml\n',
      [sibling]: encryptSecret(makeKey().recipient),
    })
    await failing(place, 'infrastructure')
    const finding = await refused(place, 1, 'wrong-key')
    assert.is(finding.object, target)
    assert.match(finding.message, /^is failing already, at the commit that Flux has: BuildFailed: /)
    assert.match(finding.message, new RegExp(`\nit is declared in ${sibling}$`))
  }))

test('a value whose key was renamed after it was encrypted: its file, and that the old name mends it', () =>
  withPlace(async (place) => {
    const encrypted = encryptSecret(place.key.recipient)
    const renamed = encrypted.replace(/^( +)(\w+)(: ENC\[)/m, '$1renamed-$2$3')
    assert.is.not(renamed, encrypted)
    await place.push({ [kustomization]: 'resources:\n  - sibling.yaml\n', [sibling]: renamed })
    await failing(place, 'infrastructure')
    const finding = await refused(place, 1, 'value-not-authentic')
    assert.match(finding.message, new RegExp(`\nit is declared in ${sibling}$`))
    assert.match(finding.fix, /its old name back/)
    // that the files cannot be searched does not take the report away
    const git = join(place.directory, 'broken', 'git')
    const real = which.sync('git')
    writeFiles(join(place.directory, 'broken'), {
      git: `#!/bin/sh\ncase " $* " in *' grep '*) exit 3 ;; esac\nexec ${real} "$@"\n`,
    })
    chmodSync(git, 0o755)
    const PATH = [join(place.directory, 'broken'), place.env.PATH].join(delimiter)
    const run = await place.verify([], { env: { ...place.env, PATH } })
    assert.is(run.json.findings[0]?.code, 'value-not-authentic', run.stderr)
    assert.not.match(run.json.findings[0]!.message, /declared in/)
  }))

test('so is one that it depends on', () =>
  withPlace(async (place) => {
    await place.patch('kustomization/flux-system', { spec: { targetNamespace: 'nowhere' } })
    await place.kubectl([
      'wait',
      '-n',
      'flux-system',
      'kustomization/flux-system',
      '--for=condition=Ready=False',
      '--timeout=60s',
    ])
    try {
      const finding = await refused(place, 1, 'namespace-missing')
      assert.is(finding.object, 'kustomization flux-system/flux-system')
    } finally {
      await place.patch('kustomization/flux-system', { spec: { targetNamespace: null } })
    }
  }))

test('a namespace that comes with the path is none that is missing', () =>
  withPlace(async (place) => {
    const namespace = newNamespace()
    await place.push(withSibling(`kind: Namespace\nmetadata: {name: ${namespace}}\n`))
    const before = await place.tip()
    const { code, json, stderr } = await place.verify(['--namespace', namespace])
    assert.is(code, 0, stderr)
    assert.is(json.secret, `${namespace}/sops-test`)
    assert.is(await place.server('diff', before, 'main'), '')
  }))

test('.sourceignore that leaves it out, and one that takes it in again', () =>
  withPlace(async (place) => {
    await place.push({ 'kubernetes/.sourceignore': '# ours\n*.enc.yaml\n' })
    const finding = await refused(place, 1, 'out-of-artifact')
    assert.match(finding.message, /^kubernetes\/\.sourceignore leaves .* \(pattern \*\.enc\.yaml\)$/)
    assert.is(
      finding.fix,
      'add the line !/kubernetes/infrastructure/sops-test/ behind it, or use another path',
    )
    await place.push({
      '.sourceignore': '/*\n!/kubernetes/\n',
      'kubernetes/.sourceignore': '*.enc.yaml\n!infrastructure\n',
    })
    assert.equal(await proves(place), [])
  }))

test('a mark that the kustomization file of the path gives', () =>
  withPlace(async (place) => {
    await place.push({
      [kustomization]: 'resources: []\ncommonAnnotations: {kustomize.toolkit.fluxcd.io/ssa: Ignore}\n',
    })
    assert.match((await refused(place, 1, 'marked')).message, /ssa: Ignore, so that it is not applied$/)
  }))

test('key groups: as many as the creation rule asks for', () =>
  withPlace(async (place) => {
    const keys = [place.key, makeKey(), makeKey()]
    const rule = (threshold: string) =>
      `creation_rules:\n  - path_regex: \\.enc\\.yaml$\n${threshold}    key_groups:\n${keys.map(({ recipient }) => `      - age: [${recipient}]\n`).join('')}`
    await place.putKey({ 'age.agekey': `${place.key.secret}\n${keys[1]!.secret}\n` })
    await place.push({ '.sops.yaml': rule('') })
    assert.match((await refused(place, 1, 'key-groups')).message, / opens 2 of 3 key groups, .* all$/)
    await place.push({ '.sops.yaml': rule('    shamir_threshold: 2\n') })
    assert.equal(await proves(place), [])
    await place.putKey({ 'age.agekey': place.key.secret })
    assert.match((await refused(place, 1, 'key-groups')).message, / opens 1 of 3 key groups, .* 2$/)
  }))

test('a plugin line beside the right identity is no fault', () =>
  withPlace(async (place) => {
    const plugin = 'AGE-PLUGIN-NONE-1UUQXN8'
    await place.putKey({ 'age.agekey': `${plugin}\n${place.key.secret}\n` })
    assert.equal(await proves(place), [])
    await place.putKey({ 'age.agekey': `${plugin}\n${makeKey().secret}\n` })
    await refused(place, 1, 'wrong-key')
  }))

test('a time limit that is over before a push', () =>
  withPlace(async (place) => {
    assert.match(
      (await refused(place, 2, 'timeout', '--timeout', '10ms')).message,
      /before anything could be pushed/,
    )
  }))

test.run()
