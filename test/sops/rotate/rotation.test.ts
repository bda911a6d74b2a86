import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { applyFluxSystem, requestSync } from '../../../scripts/sandbox/flux-system.ts'
import { exampleCluster } from '../../helpers/files.ts'
import { bootstrappedRepository } from '../../helpers/flux/bootstrapped.ts'
import { fluxKustomization, kustomizationOf } from '../../helpers/flux/flux-objects.ts'
import { putKeySecret, watched } from '../../helpers/flux/sandbox.ts'
import { block } from '../../helpers/flux/verify.ts'
import { encryptAs, encryptText, type Key, makeKey } from '../../helpers/keys.ts'
import { until } from '../../helpers/processes.ts'
import { stagesDone } from '../../helpers/rotate/key-repository.ts'
import { type RotatedRepository, readyOf, withRotation } from '../../helpers/rotate/repository-on-flux.ts'

const secret = (name: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: default}\nstringData: {token: of-${name}}\n`

/** A file of each format that Flux decrypts, by path, as it is in the clear. */
const plain = {
  'kubernetes/infrastructure/one.enc.yaml': secret('one'),
  'kubernetes/infrastructure/two.enc.yaml': `${secret('two')}---\n${secret('three')}`,
  'kubernetes/apps/four.enc.json': JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'four', namespace: 'default' } },
    stringData: { token: 'of-four' },
  }),
  'kubernetes/apps/settings/app.env': '# a comment\nTOKEN=of-env\n',
  'kubernetes/apps/settings/app.ini': '[one]\ntoken = of-ini\n',
  'kubernetes/apps/settings/app.bin': 'of-bin \u0001\n',
  'team/five.enc.yaml': secret('five'),
}
const encrypted = Object.keys(plain)

const generator = `secretGenerator:
  - name: from-env
    namespace: default
    envs: [settings/app.env]
  - name: from-files
    namespace: default
    files: [settings/app.ini, settings/app.bin]
`

/** The example repository: two Kustomizations of its own that decrypt, and one of a team. */
function example(recipient: string): Record<string, string> {
  const files = exampleCluster()
  const encryptedFiles = Object.entries(plain).map(([file, text]) => [
    file,
    file.includes('.enc.yaml') || file.includes('.enc.json')
      ? encryptAs(file, text, '--age', recipient, '--encrypted-regex', '^(data|stringData)$')
      : encryptAs(file, text, '--age', recipient),
  ])
  const system = 'kubernetes/flux-system'
  return {
    ...files,
    ...Object.fromEntries(encryptedFiles),
    '.sops.yaml': `creation_rules:
  - path_regex: \\.enc\\.(json|yaml)$
    encrypted_regex: ^(data|stringData)$
    age: ${recipient}
  - path_regex: /settings/
    age: ${recipient}
`,
    [`${system}/infrastructure.yaml`]: files[`${system}/infrastructure.yaml`]! + block,
    [`${system}/apps.yaml`]: files[`${system}/apps.yaml`]! + block,
    [`${system}/team.yaml`]: fluxKustomization('team', './team', block, '  namespace: team\n'),
    [`${system}/kustomization.yaml`]: kustomizationOf('infrastructure.yaml', 'apps.yaml', 'team.yaml'),
    'kubernetes/infrastructure/kustomization.yaml': kustomizationOf('one.enc.yaml', 'two.enc.yaml'),
    'kubernetes/apps/kustomization.yaml': `${kustomizationOf('greeting.yaml', 'four.enc.json')}${generator}`,
    'team/kustomization.yaml': kustomizationOf('five.enc.yaml'),
  }
}

/** What nobody may notice of a rotation: the objects in the cluster that come from encrypted files. */
async function decrypted({ get }: RotatedRepository): Promise<Record<string, string>> {
  const secrets = await get('secrets', '-n', 'default')
  return Object.fromEntries(
    secrets.map(({ metadata: { name, resourceVersion }, data = {} }) => [
      name,
      `${resourceVersion} ${Object.values(data).map((value) => Buffer.from(value, 'base64'))}`,
    ]),
  )
}

/** All that a run can change. */
async function everything({ git, bare, get }: RotatedRepository): Promise<unknown> {
  const secrets = await get('secrets', '--all-namespaces')
  return [
    await git('rev-parse', 'HEAD'),
    await git('status', '--porcelain'),
    await git('ls-remote', bare),
    secrets.map(({ metadata }) => [metadata.name, metadata.resourceVersion]),
  ]
}

const evidenceOf = ({ stages }: { stages: { name: string; evidence: string }[] }, stage: string) =>
  stages.find(({ name }) => name === stage)?.evidence ?? ''

test('the key of three Kustomizations in two namespaces is replaced in three runs, and nobody notices', () =>
  withRotation(
    {
      files: example,
      namespaces: ['flux-system', 'team'],
      users: [['infrastructure'], ['apps'], ['team', 'team']],
    },
    async (repository) => {
      const { rotate, pushHead, failures, holds, openedAtHead, keyOf, old, sandbox } = repository
      const before = await decrypted(repository)
      assert.is(Object.keys(before).length, 7)
      assert.match(Object.values(before).join(), /of-one.*of-two/)
      const seen = await failures(async () => {
        const first = await rotate('--commit')
        assert.is(first.result, 'waiting')
        assert.is(first.old, old.recipient)
        assert.equal(stagesDone(first), ['share', 'distribute'])
        const both = [old, keyOf(first.new)]
        assert.ok(await holds(both))
        assert.ok(await holds(both, 'team'))

        // nothing is pushed yet
        const unchanged = await everything(repository)
        const between = await rotate('--commit')
        assert.is(between.result, 'waiting')
        assert.equal(stagesDone(between), [])
        assert.equal(
          between.next.flatMap(({ lines }) => lines),
          ['git push', 'mise run sops:rotate --commit'],
        )
        assert.equal(await everything(repository), unchanged)

        await pushHead()
        // the proof goes through others where one is suspended, and is left out where all of a key Secret are
        const suspend = async (value: boolean) => {
          const patch = ['--type=merge', '--patch', JSON.stringify({ spec: { suspend: value } })]
          // Flux takes back what kubectl has changed, and not what its own command has
          for (const [name, namespace] of [
            ['apps', 'flux-system'],
            ['team', 'team'],
          ] as const)
            await sandbox.kubectl([
              'patch',
              'kustomization',
              name,
              '-n',
              namespace,
              '--field-manager=flux',
              ...patch,
            ])
        }
        await suspend(true)
        const second = await rotate('--commit')
        await suspend(false)
        assert.is(second.result, 'waiting')
        assert.equal(stagesDone(second), ['prove', 'cut-over'])
        assert.match(evidenceOf(second, 'prove'), 'arrived decrypted with 1 of 2 key Secrets')
        assert.is(second.new, first.new)
        assert.ok(await holds(both))
        assert.ok(await holds(both, 'team'))

        await pushHead()
        const third = await rotate()
        assert.is(third.result, 'done')
        assert.equal(stagesDone(third), ['retire'])
        assert.match(evidenceOf(third, 'retire'), 'arrived decrypted with each of 2 key Secrets')
        assert.ok(await holds([keyOf(first.new)]))
        assert.ok(await holds([keyOf(first.new)], 'team'))
      })
      assert.equal(seen, [])
      assert.equal(await decrypted(repository), before)

      const ended = await everything(repository)
      const after = await rotate()
      assert.is(after.result, 'done')
      assert.equal(await everything(repository), ended)
      const next = keyOf(after.new)
      assert.equal(await openedAtHead(encrypted, old), [])
      assert.equal(await openedAtHead(encrypted, next), encrypted)

      // the watcher sees what it is there for: a key that comes before the files
      const early = makeKey()
      const { get, readyAt } = repository
      const put = ({ text }: Key) =>
        putKeySecret(sandbox, { namespace: 'team', data: { 'age.agekey': text }, metadata: watched })
      const outage = await failures(async () => {
        await put(early)
        await until('the team is not ready', async () => {
          const [team] = await get('kustomizations', '-n', 'team')
          return team && readyOf(team) === 'False'
        })
        // of a Secret that holds neither identity nothing is done, and nothing has ended
        const named =
          /kustomization team\/team: decrypts with team\/sops-age, which does not open team\/five\.enc\.yaml: .* the new recipient/
        const ends = [[], ['--status'], ['--old', old.recipient, '--next', next.recipient]]
        for (const args of ends) assert.match((await repository.refused(1, ...args)).stderr, named)
        await putKeySecret(sandbox, { data: { 'age.agekey': `${old.text}${next.text}` }, metadata: watched })
        assert.match((await repository.refused(1)).stderr, named)
        assert.ok(await holds([old, next]))
        await putKeySecret(sandbox, { data: { 'age.agekey': next.text }, metadata: watched })
        await put(next)
        await readyAt('team', await repository.git('rev-parse', 'origin/main'), 'team')
      })
      assert.equal([...new Set(outage)], ['team/team BuildFailed'])
    },
  ))

test('so is that of a repository that flux bootstrap has made, whose files are named *.sops.yaml', () =>
  withRotation({ files: () => ({}), users: [] }, async (repository) => {
    const { rotate, push, pushHead, failures, holds, readyAt, openedAtHead, keyOf, old, sandbox, url } =
      repository
    const files = bootstrappedRepository(url)
    const file = 'apps/production/token.sops.yaml'
    const start = await push({
      ...files,
      '.sops.yaml': `creation_rules: [{path_regex: '\\.sops\\.yaml$', encrypted_regex: ^(data|stringData)$, age: ${old.recipient}}]\n`,
      'clusters/production/apps.yaml': files['clusters/production/apps.yaml']! + block,
      'apps/production/kustomization.yaml': kustomizationOf('../base', 'token.sops.yaml'),
      [file]: encryptText(old.recipient, secret('token')),
    })
    await applyFluxSystem(sandbox, { url, branch: 'main', path: 'clusters/production' })
    await requestSync(sandbox)
    await readyAt('apps', start)
    const before = await decrypted(repository)
    assert.equal(Object.keys(before), ['token'])
    const seen = await failures(async () => {
      await rotate('--commit', '--proof', 'read')
      await pushHead()
      await rotate('--commit', '--proof', 'read')
      await pushHead()
      const { result, ...end } = await rotate('--proof', 'read')
      assert.is(result, 'done')
      assert.ok(await holds([keyOf(end.new)]))
      assert.equal(await openedAtHead([file], keyOf(end.new)), [file])
    })
    assert.equal(seen, [])
    assert.equal(await decrypted(repository), before)
    assert.equal(await openedAtHead([file], old), [])
  }))

test.run()
