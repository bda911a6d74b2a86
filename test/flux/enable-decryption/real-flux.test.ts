import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decryptionPatch, fluxKustomization, inSpec } from '../../helpers/flux/flux-objects.ts'
import { type Flux, withFluxOn, withOwnSandbox } from '../../helpers/flux/sandbox.ts'
import { encryptSecret, type Key, makeKey } from '../../helpers/keys.ts'
import { until } from '../../helpers/processes.ts'
import { runTask } from '../../helpers/task.ts'

const providerOnly = '  decryption:\n    provider: sops\n'
const object = fluxKustomization
const kustomization = (...resources: string[]) => `resources: [${resources.join(', ')}]\n`
const patch = (target: string) => decryptionPatch(`    target: {${target}}\n`)
const operations = patch('kind: Kustomization').replace(
  / {6}apiVersion[\s\S]*(?= {4}target)/,
  '      - {op: add, path: /spec/decryption, value: {provider: sops, secretRef: {name: sops-age}}}\n',
)
const ofParent = inSpec

/** A Flux Kustomization of each shape: what the task says of it, and its files. Each builds a Secret of its own name. */
const shapes: Record<string, [status: string, files: (name: string) => Record<string, string>]> = {
  'written-nowhere': ['missing', (name) => ({ [`top/${name}.yaml`]: object(name, `./secrets/${name}`) })],
  'parent-merge': [
    'parent',
    (name) => ({
      'top/merge.yaml': object(
        'merge',
        './children/merge',
        ofParent(patch('kind: Kustomization, labelSelector: "off notin (true)"')),
      ),
      [`children/merge/${name}.yaml`]: object(name, `./secrets/${name}`),
    }),
  ],
  'parent-selector-leaves-out': [
    'missing',
    (name) => ({
      [`children/merge/${name}.yaml`]: object(
        name,
        `./secrets/${name}`,
        '',
        '  namespace: flux-system\n  labels: {off: "true"}\n',
      ),
    }),
  ],
  'parent-json': [
    'parent',
    (name) => ({
      'top/json.yaml': object(
        'json',
        './children/json',
        ofParent(operations.replace('kind: Kustomization}', 'name: parent-j.*}')),
      ),
      [`children/json/${name}.yaml`]: object(name, `./secrets/${name}`),
    }),
  ],
  'parent-prefix': [
    'parent',
    (name) => ({
      'top/prefix.yaml': object(
        'prefix',
        './children/prefix',
        `  namePrefix: p-\n${ofParent(patch(`name: x-${name}`))}`,
      ),
      'children/prefix/kustomization.yaml': kustomization('base'),
      'children/prefix/base/kustomization.yaml': `namePrefix: x-\n${kustomization(`${name}.yaml`)}`,
      [`children/prefix/base/${name}.yaml`]: object(name, `./secrets/${name}`),
    }),
  ],
  'kustomize-patch': [
    'kustomize',
    (name) => ({
      'top/kustomization.yaml': kustomization(
        'merge.yaml',
        'json.yaml',
        'prefix.yaml',
        'written-nowhere.yaml',
        'component.yaml',
        'tenant.yaml',
        '../overlay',
        'provider-only.yaml',
      ),
      'overlay/kustomization.yaml': `${kustomization('../base')}${patch('kind: Kustomization')}`,
      'base/kustomization.yaml': kustomization(`${name}.yaml`),
      [`base/${name}.yaml`]: object(name, `./secrets/${name}`),
    }),
  ],
  'parent-component': [
    'kustomize',
    (name) => ({
      'top/component.yaml': object('component', './children/component', '  components: [../../part]\n'),
      'children/component/kustomization.yaml': kustomization(`${name}.yaml`),
      [`children/component/${name}.yaml`]: object(name, `./secrets/${name}`),
      'part/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n${patch('kind: Kustomization')}`,
    }),
  ],
  'other-namespace': [
    'missing',
    (name) => ({
      'top/tenant.yaml': object('tenant', './children/tenant', '  targetNamespace: tenant\n'),
      [`children/tenant/${name}.yaml`]: object(name, `./secrets/${name}`),
    }),
  ],
  'provider-only': [
    'controller-wide',
    (name) => ({ [`top/${name}.yaml`]: object(name, `./secrets/${name}`, providerOnly) }),
  ],
}

const names = Object.keys(shapes)
const withStatus = (...wanted: string[]) => names.filter((name) => wanted.includes(shapes[name]![0]))

function filesOf({ recipient }: Key): Record<string, string> {
  const files = names.flatMap((name) => {
    const secret = encryptSecret(recipient, `of ${name}`).replace(/^( +)name: x$/m, `$1name: ${name}`)
    return Object.entries({ ...shapes[name]![1](name), [`secrets/${name}/secret.yaml`]: secret })
  })
  return {
    ...Object.fromEntries(files),
    'kubernetes/flux-system/top.yaml': object('top', './top'),
    // the key of the controller, as a FluxInstance gives it
    'controller.yaml':
      '- {op: add, path: /spec/template/spec/containers/0/args/-, value: --sops-age-secret=sops-age}\n',
  }
}

test('Flux agrees: what has decryption already is decrypted as it is, and what lacks it after the edit', () =>
  withOwnSandbox((sandbox) =>
    withFluxOn(sandbox, filesOf(makeKeyOnce()), async (flux) => {
      const { clone, env, push } = flux
      await sandbox.kubectl(['create', 'namespace', 'tenant'])
      for (const namespace of ['flux-system', 'tenant'])
        await sandbox.kubectl([
          'create',
          'secret',
          'generic',
          'sops-age',
          '-n',
          namespace,
          `--from-literal=age.agekey=${makeKeyOnce().secret}`,
        ])
      await sandbox.restartController('kustomize-controller', ['--sops-age-secret=sops-age'])
      const { stdout, stderr } = await runTask('flux:enable-decryption', ['--json', '--needed'], {
        cwd: clone,
        env,
      })
      const { kustomizations, keyNamespaces } = JSON.parse(stdout)
      const found = Object.fromEntries(
        kustomizations.map(({ name, status }: Record<string, string>) => [name, status]),
      )
      for (const name of names)
        assert.is(found[name], shapes[name]![0].replace('missing', 'added'), `${name}: ${stderr}`)
      assert.equal(keyNamespaces, ['flux-system', 'tenant'])

      const already = withStatus('parent', 'kustomize', 'controller-wide')
      assert.is(already.length, 6)
      await untilWritten(flux, already, 'decrypted')
      await untilWritten(flux, withStatus('missing'), 'encrypted')
      await push()
      await untilWritten(flux, names, 'decrypted')
    }),
  ))

let key: Key | undefined
function makeKeyOnce(): Key {
  key ??= makeKey()
  return key
}

/** The message that Flux has written, if any: encrypted, or in the clear. */
async function messageOf({ sandbox }: Flux, name: string): Promise<string> {
  const list = JSON.parse(await sandbox.kubectl(['get', 'secrets', '--all-namespaces', '-o', 'json']))
  const secret = list.items.find(({ metadata }: { metadata: { name: string } }) => metadata.name === name)
  return Buffer.from(secret?.data?.message ?? '', 'base64').toString()
}

/** Waits until Flux has written these Secrets. */
async function untilWritten(flux: Flux, names: readonly string[], how: 'decrypted' | 'encrypted') {
  for (const name of names)
    await until(`the Secret of ${name} is there, ${how}`, async () => {
      const message = await messageOf(flux, name)
      if (how === 'encrypted' ? message.startsWith('ENC[') : message === `of ${name}`) return true
      const now = `reconcile.fluxcd.io/requestedAt=${new Date().toISOString()}`
      for (const kind of ['gitrepositories', 'kustomizations'])
        await flux.sandbox.kubectl(['annotate', '--overwrite', '-n', 'flux-system', kind, '--all', now])
      return false
    })
}

test.run()
