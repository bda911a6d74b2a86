import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseAllDocuments } from 'yaml'
import { blocksOf, readProject } from '../helpers/documents.ts'
import { exampleCluster } from '../helpers/files.ts'
import { type Flux, putKeySecret, withFlux } from '../helpers/flux/sandbox.ts'
import { makeKey, sopsConfig } from '../helpers/keys.ts'
import { runTask } from '../helpers/task.ts'

interface Role {
  kind: 'Role' | 'ClusterRole'
  metadata: { name: string; namespace?: string }
  rules: { resources: string[]; verbs: string[] }[]
}

const key = makeKey()
const block = '  decryption:\n    provider: sops\n    secretRef:\n      name: sops-age\n'

/** Runs `use` in the example with decryption, its key beside it. */
function withExample(use: (flux: Flux) => Promise<void>): Promise<void> {
  const cluster = exampleCluster()
  const infrastructure = 'kubernetes/flux-system/infrastructure.yaml'
  const files = {
    '.sops.yaml': sopsConfig(key.recipient),
    [infrastructure]: `${cluster[infrastructure]}${block}`,
  }
  return withFlux({ ...cluster, ...files }, async (flux) => {
    writeFileSync(join(flux.clone, '.age-key.txt'), key.text, { mode: 0o600 })
    await use(flux)
  })
}

/** The roles that the page of a task asks for. @param index of the block that lists them */
function rolesOf(page: string, index = 0): Role[] {
  const blocks = blocksOf(readProject(`docs/tasks/${page}.md`).split('## Rights')[1]!, 'yaml')
  return parseAllDocuments(blocks[index]!).map((document) => document.toJS())
}

/** Runs a task as a user who has these roles and no other right. @returns what it ended with */
async function runWith({ sandbox, clone, env }: Flux, roles: Role[], task: string, ...args: string[]) {
  const user = `user-${randomBytes(4).toString('hex')}`
  const named = roles.map((role, index) => ({
    ...role,
    metadata: { ...role.metadata, name: `${user}-${index}` },
  }))
  const bindings = named.map(({ kind, metadata: { name, namespace } }) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: `${kind}Binding`,
    metadata: { name, namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  }))
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...named, ...bindings] })
  await sandbox.kubectl(['apply', '--server-side', '-f', '-'], list)
  try {
    const call = { cwd: clone, env: { ...env, KUBECONFIG: sandbox.kubeconfigFor(user) } }
    return await runTask(task, args, call)
  } finally {
    await sandbox.kubectl(['delete', '-f', '-'], list)
  }
}

/** The roles without one verb of one kind. */
function without(roles: Role[], resource: string, verb: string): Role[] {
  return roles.map((role) => ({
    ...role,
    rules: role.rules
      .map((rule) =>
        rule.resources.includes(resource)
          ? { ...rule, verbs: rule.verbs.filter((one) => one !== verb) }
          : rule,
      )
      .filter(({ verbs }) => verbs.length > 0),
  }))
}

test('flux:sops-key: the rights of its page are enough, and each is needed', () =>
  withExample(async (flux) => {
    const roles = rolesOf('flux-sops-key')
    for (const verb of ['get', 'create', 'patch']) {
      const { code, stderr } = await runWith(flux, without(roles, 'secrets', verb), 'flux:sops-key')
      assert.is(code, 2, verb)
      assert.match(stderr, /is forbidden: User/, verb)
    }
    const made = await runWith(flux, roles, 'flux:sops-key')
    assert.is(made.code, 0, made.stderr)
    assert.match(made.stdout, 'secret/sops-age created')
  }))

test('sops:verify: the rights of its page are enough', () =>
  withExample(async (flux) => {
    await putKeySecret(flux.sandbox, { data: { 'age.agekey': `${key.secret}\n` } })
    await flux.applied('infrastructure', await flux.git('rev-parse', 'HEAD'))
    const roles = rolesOf('sops-verify')
    for (const resource of ['kustomizations', 'gitrepositories']) {
      const { code, stdout } = await runWith(flux, without(roles, resource, 'list'), 'sops:verify')
      assert.is(code, 2, stdout)
      assert.match(stdout, /is forbidden: User/, resource)
    }
    const { code, stdout, stderr } = await runWith(flux, roles, 'sops:verify')
    assert.is(code, 0, stdout + stderr)
    // neither a check was left out, nor an interval waited for
    assert.match(stdout, 'the key in the cluster fits')
    assert.equal(stdout.match(/you may not .*?:/g), [
      'you may not list the Kustomizations of other namespaces:',
    ])
  }))

test('sops:rotate: the rights of its page are enough, and it says which ones are missing', () =>
  withExample(async (flux) => {
    await putKeySecret(flux.sandbox, { data: { 'age.agekey': `${key.secret}\n` } })
    await flux.applied('infrastructure', await flux.git('rev-parse', 'HEAD'))
    const roles = rolesOf('sops-rotate')
    for (const resource of ['kustomizations', 'gitrepositories', 'secrets']) {
      const { stderr } = await runWith(flux, without(roles, resource, 'list'), 'sops:rotate', '--status')
      assert.match(stderr, /warning: the clusters are not asked: cannot read the /, resource)
    }
    const shared = await runWith(flux, without(roles, 'secrets', 'patch'), 'sops:rotate', '--commit')
    assert.is(shared.code, 2, shared.stdout + shared.stderr)
    assert.match(shared.stderr, /is forbidden: User/)
    // another way of proof needs others, and what is missing is said before anything is written
    const [common, canary] = [roles.slice(0, 2), rolesOf('sops-rotate', 1)]
    const head = await flux.git('rev-parse', 'HEAD')
    const early = await runWith(flux, common, 'sops:rotate', '--commit', '--proof', 'canary')
    assert.is(early.code, 2, early.stdout + early.stderr)
    assert.match(early.stderr, /you may not get, create, delete kustomizations in flux-system/)
    assert.match(early.stderr, '--proof read')
    assert.is(await flux.git('rev-parse', 'HEAD'), head)
    assert.is(await flux.git('status', '--porcelain'), '')
    for (const [end, own, ...how] of [
      ['waiting: share is committed', roles],
      ['waiting: cut-over is committed', [...common, ...canary], '--proof', 'canary'],
      ['done: ', roles],
    ] as const) {
      const { code, stdout, stderr } = await runWith(flux, [...own], 'sops:rotate', '--commit', ...how)
      assert.is(code, 0, stdout + stderr)
      assert.match(stdout, end)
      await flux.git('pull', '--quiet', '--rebase')
      await flux.git('push', '--quiet')
    }
  }))

test.run()
