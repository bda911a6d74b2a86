import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { which } from 'zx/core'
import { writeFiles } from '../helpers/files.ts'
import { decode, entry, newKey, oldKey, withPlace } from '../helpers/flux/sops-key.ts'
import { makeKey, sopsConfig } from '../helpers/keys.ts'

for (const via of ['node', 'mise'] as const) {
  test(`creates the Secret, then leaves it alone (${via})`, async () => {
    await withPlace(async ({ sopsKey, secret, namespace }) => {
      const created = await sopsKey([], { via })
      assert.is(created.code, 0, created.stderr)
      const lines = created.stdout.split('\n')
      assert.equal(lines.slice(0, 2), ['context sandbox', 'secret/sops-age created'])
      assert.match(created.stdout, new RegExp(`namespace +${namespace}`))
      assert.match(created.stdout, /key from +\.age-key\.txt/)
      assert.match(created.stdout, oldKey.recipient)
      const first = await secret()
      assert.is(first.type, 'Opaque')
      assert.equal(Object.keys(first.data), ['age.agekey'])
      assert.is(decode(first.data['age.agekey']), `${oldKey.secret}\n`)
      assert.equal(first.metadata.labels, { 'reconcile.fluxcd.io/watch': 'Enabled' })
      const again = await sopsKey([], { via })
      assert.is(again.stdout.split('\n')[1], 'secret/sops-age unchanged')
      assert.is((await secret()).metadata.resourceVersion, first.metadata.resourceVersion)
    })
  })
}

test('normalises the key, keeps several identities, drops doubles', async () => {
  await withPlace(async ({ sopsKey, secret }) => {
    const quantum = makeKey('-pq')
    const input = `\r\n  ${oldKey.secret}  \r\n# note\r\n${quantum.secret}\r\n${oldKey.secret}`
    const ended = await sopsKey(['--key-file', '-'], { input })
    assert.is(ended.code, 0, ended.stderr)
    assert.match(ended.stdout, /key from +stdin/)
    assert.match(
      ended.stderr,
      /warning: kustomize-controller before 1\.9\.0 cannot read a post-quantum identity/,
    )
    assert.is(decode((await secret()).data['age.agekey']), `${oldKey.secret}\n${quantum.secret}\n`)
  })
})

const manifest = (more: object = {}) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'sops-age', labels: { team: 'a' } },
    data: { 'age.agekey': Buffer.from(newKey.text).toString('base64'), 'other.txt': 'eA==' },
    ...more,
  })

const made: Record<string, { args: string[]; input?: string; owner: string }> = {
  'kubectl create': { args: ['create', '-f', '-'], owner: 'kubectl-create' },
  'kubectl create --save-config': { args: ['create', '--save-config', '-f', '-'], owner: 'kubectl-create' },
  'client-side apply': { args: ['apply', '-f', '-'], owner: 'kubectl-client-side-apply' },
  'server-side apply by another manager': {
    args: ['apply', '--server-side', '--field-manager=terraform', '-f', '-'],
    owner: 'terraform',
  },
  'server-side apply by kubectl': { args: ['apply', '--server-side', '-f', '-'], owner: 'kubectl' },
}
for (const [how, { args, owner }] of Object.entries(made)) {
  test(`takes over a Secret made by ${how}: other data keys and labels stay, no copy of the key stays`, async () => {
    await withPlace(async ({ sopsKey, secret, kubectl, root }) => {
      const both = `${oldKey.recipient},${newKey.recipient}`
      writeFiles(root, { '.sops.yaml': sopsConfig(both) })
      await kubectl(args, manifest())
      const { metadata } = await secret()
      const ended = await sopsKey()
      assert.is(ended.code, 0, ended.stderr)
      assert.is(ended.stdout.split('\n')[1], 'secret/sops-age configured')
      assert.match(ended.stdout, new RegExp(`taken over from +${owner}\n`))
      const after = await secret()
      assert.is(after.metadata.uid, metadata.uid)
      assert.is(decode(after.data['age.agekey']), `${oldKey.secret}\n`)
      assert.is(after.data['other.txt'], 'eA==')
      assert.is(after.metadata.labels!.team, 'a')
      assert.is(after.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'], undefined)
      assert.match((await sopsKey()).stdout, /^secret\/sops-age unchanged/m)
    })
  })
}

test('our own field manager keeps what it owned before', async () => {
  await withPlace(async ({ sopsKey, secret, kubectl }) => {
    await sopsKey()
    await kubectl([
      'patch',
      'secret',
      'sops-age',
      '--field-manager=flux-sops-tasks',
      '-p',
      '{"data":{"other.txt":"eA=="}}',
    ])
    await sopsKey(['--key-file', '-', '--force'], { input: newKey.text })
    assert.is((await secret()).data['other.txt'], 'eA==')
  })
})

test('an immutable Secret and one of another type are left alone', async () => {
  await withPlace(async ({ sopsKey, kubectl, secret }) => {
    await kubectl(['create', '-f', '-'], manifest({ immutable: true }))
    const before = await secret()
    const immutable = await sopsKey()
    assert.is(immutable.code, 2)
    assert.match(immutable.stderr, 'it is immutable')
    assert.equal(await secret(), before)
    await kubectl(['delete', 'secret', 'sops-age'])
    await kubectl(['create', '-f', '-'], manifest({ type: 'example.com/x' }))
    const typed = await sopsKey()
    assert.is(typed.code, 2)
    assert.match(typed.stderr, 'it is of type example.com/x, not Opaque')
  })
})

test('a bad key writes nothing, whatever is wrong with it', async () => {
  await withPlace(async ({ sopsKey, kubectl }) => {
    const bad: [string, RegExp][] = [
      [`${oldKey.text}${newKey.recipient}\n`, /line 4 is a public key/],
      ['-----BEGIN OPENSSH PRIVATE KEY-----\n', /line 1 is an SSH private key/],
      [oldKey.secret.slice(0, 70), /line 1 is truncated or misspelt/],
      ['-----BEGIN AGE ENCRYPTED FILE-----\n', /age-encrypted file/],
      ['AGE-PLUGIN-YUBIKEY-1QQPQYQJZ\n', /line 1 is truncated or misspelt/],
      ['AGE-PLUGIN-NONE-1UUQXN8\n', /line 1 is a plugin identity/],
      ['# nothing\n', /no age identity in stdin/],
      [`KEY=${oldKey.secret}`, /line 1 has a name in front/],
    ]
    for (const [input, message] of bad) {
      const ended = await sopsKey(['--key-file', '-'], { input })
      assert.is(ended.code, 2)
      assert.match(ended.stderr, message)
      assert.match(ended.stderr, /^hint: /m)
    }
    assert.is(await kubectl(['get', 'secrets', '-o', 'name']), '')
  })
})

test('several namespaces: all are checked before one is written', async () => {
  await withPlace(async ({ sopsKey, kubectl, sandbox, namespace }) => {
    const missing = await sopsKey(['--namespace', 'no-such-namespace'])
    assert.is(missing.code, 2)
    assert.match(
      missing.stderr,
      /cannot write secret no-such-namespace\/sops-age: namespaces "no-such-namespace" not found\nhint: create the namespace first/,
    )
    assert.is(await kubectl(['get', 'secrets', '-o', 'name']), '')
    const other = `${namespace}-b`
    await sandbox.kubectl(['create', 'namespace', other])
    const ended = await sopsKey(['--namespace', other, '--json'])
    assert.equal(
      JSON.parse(ended.stdout).namespaces.map((entry: { namespace: string; result: string }) => [
        entry.namespace,
        entry.result,
      ]),
      [
        [namespace, 'created'],
        [other, 'created'],
      ],
    )
  })
})

test('a namespace that is named twice is written once', async () => {
  await withPlace(async ({ sopsKey, namespace }) => {
    for (const input of [oldKey.text, oldKey.text + newKey.text]) {
      const ended = await sopsKey(['--namespace', namespace, '--key-file', '-', '--json'], { input })
      assert.is(ended.code, 0, ended.stderr)
      assert.is(JSON.parse(ended.stdout).namespaces.length, 1)
    }
  })
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} ends it while the key is typed`, async () => {
    await withPlace(async ({ root, env }) => {
      const child = spawn(process.execPath, [entry, '--key-file', '-'], { cwd: root, env, stdio: 'pipe' })
      let said = ''
      child.stderr.on('data', (chunk) => {
        said += chunk
      })
      const ended = once(child, 'close')
      // more than a pipe holds: when it is written, the task reads
      await new Promise((read) => child.stdin.write(`${'#'.repeat(1_000_000)}\n`, read))
      child.kill(signal)
      assert.equal(await ended, [2, null])
      assert.is(said, `error: interrupted (${signal})\n`)
    })
  })
}

test('what keeps it from the cluster is told apart', async () => {
  await withPlace(async ({ sopsKey, sandbox, env }) => {
    const fails = async (more: NodeJS.ProcessEnv, args: string[], ...texts: RegExp[]) => {
      const ended = await sopsKey(args, { env: { ...env, ...more } })
      assert.is(ended.code, 2, ended.stderr)
      assert.is(ended.stdout, '')
      for (const text of texts) assert.match(ended.stderr, text)
    }
    await fails(
      { KUBECONFIG: '/nonexistent' },
      [],
      /there is no kubeconfig with a current context/,
      /hint: set KUBECONFIG/,
    )
    await fails(
      {},
      ['--context', 'nope'],
      /context "nope" does not exist|context was not found/,
      /hint: `kubectl config get-contexts`/,
    )
    await fails(
      { KUBECONFIG: sandbox.kubeconfigFor('nobody') },
      [],
      /is forbidden: User "nobody" cannot get resource "secrets"/,
      /hint: ask for this right/,
    )
    for (const program of ['sh', 'git', 'age-keygen'])
      symlinkSync(which.sync(program), join(env.HOME!, program))
    await fails({ PATH: env.HOME! }, [], /^error: kubectl is not on PATH$/m, /^hint: .*mise use kubectl@/m)
  })
})

test('an API server that does not answer is given up', async () => {
  const sockets: Socket[] = []
  const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1')
  try {
    await withPlace(async ({ sopsKey, root, env }) => {
      const { port } = silent.address() as { port: number }
      const kubeconfig = join(root, '..', 'kubeconfig')
      writeFileSync(
        kubeconfig,
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Config',
          clusters: [{ name: 'x', cluster: { server: `https://127.0.0.1:${port}` } }],
          users: [{ name: 'x', user: { token: 'x' } }],
          contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
          'current-context': 'x',
        }),
      )
      const ended = await sopsKey([], { env: { ...env, KUBECONFIG: kubeconfig } })
      assert.is(ended.code, 2)
      assert.match(ended.stderr, 'the API server did not answer in time', ended.stderr)
      rmSync(kubeconfig)
    })
  } finally {
    for (const socket of sockets) socket.destroy()
    silent.close()
  }
})

test('no key, an unknown flag, an empty name: exit 2', async () => {
  await withPlace(async ({ sopsKey, root, env }) => {
    const none = await sopsKey([], { cwd: env.HOME! })
    assert.is(none.code, 2)
    assert.match(
      none.stderr,
      /no age private key found: .*\nhint: ask a colleague for it .*, `mise run sops:init` makes one/,
    )
    for (const [args, why] of [
      [['--nope'], "unknown option '--nope'"],
      [['--name', ''], '--name needs a value'],
    ] as const) {
      const { code, stderr } = await sopsKey([...args], { cwd: root })
      assert.is(code, 2)
      assert.match(stderr, `error: ${why}\n`)
    }
  })
})

test.run()
