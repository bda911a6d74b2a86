import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Diagnosis } from '../../../scripts/diagnosis/diagnosis.ts'
import { plainCase } from '../../helpers/diagnosis/object-cases.ts'
import { diagnoseFlux } from '../../helpers/flux/diagnose-cases.ts'
import { encrypt, key, map, secret, whole } from '../../helpers/flux/encrypted-objects.ts'
import { withCases } from '../../helpers/flux/run-cases.ts'
import { makeKey } from '../../helpers/keys.ts'

const block = (name: string) => `  decryption: {provider: sops, secretRef: {name: ${name}}}\n`
const generator = (name: string, file: string) =>
  `generatorOptions: {disableNameSuffixHash: true}\nsecretGenerator: [{name: ${name}, namespace: default, files: [${file}]}]\n`
const postQuantum = makeKey('-pq')

const cases = [
  {
    ...plainCase('quantum', block('quantum'), {
      files: (name) => ({ 's.yaml': encrypt(secret(name), { to: [[postQuantum]] }) }),
    }),
    keys: { 'age.agekey': postQuantum.text },
  },
  {
    ...plainCase('ini', block('ini'), {
      files: (name) => ({
        'kustomization.yaml': generator(name, 'x.ini'),
        'x.ini': whole('[a]\nb = c\n', 'x.ini'),
      }),
    }),
    keys: { 'age.agekey': key.text },
  },
  {
    ...plainCase('patched', `${block('patched')}  postBuild: {substitute: {a: b}}\n`, {
      files: (name) => ({
        'kustomization.yaml': 'resources: [m.yaml]\npatches: [{path: p.yaml, target: {kind: Secret}}]\n',
        'm.yaml': secret(name).replace('clear', 'plain'),
        'p.yaml': encrypt(secret(name)),
      }),
    }),
    keys: { 'age.agekey': key.text },
  },
  plainCase('remote', block('x'), {
    files: (name) => ({
      'kustomization.yaml': 'resources: [m.yaml]\npatches: [{path: "https://no-such-host.invalid/p.yaml"}]\n',
      'm.yaml': map(name),
    }),
  }),
]

const controller = (namespace: string, version: string, args: readonly string[] = []) =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'kustomize-controller', namespace, labels: { 'app.kubernetes.io/part-of': 'flux' } },
    spec: {
      selector: { matchLabels: { app: 'x' } },
      template: {
        metadata: { labels: { app: 'x' } },
        spec: {
          containers: [
            { name: 'manager', image: `example.com/fluxcd/kustomize-controller:${version}`, args },
          ],
        },
      },
    },
  })

const controllers = [
  controller('default', 'v1.4.0', [
    '--sops-age-secret=x',
    '--feature-gates=StrictPostBuildSubstitutions=false',
  ]),
  controller('kube-system', 'v1.7.2', ['--feature-gates=DisableConfigWatchers=true']),
  controller('kube-public', 'v1.9.1'),
  controller('flux-system', 'v1.9.4'),
]

/** What is said of a controller, each with the Kustomizations that it concerns. */
function saidOf(diagnoses: readonly Diagnosis[], namespace: string): string[] {
  return diagnoses
    .filter(({ finding }) => finding.object === `deployment ${namespace}/kustomize-controller`)
    .map(({ finding: { code, facts }, stops }) =>
      code === 'controller-too-old'
        ? `${facts.needed} ${stops.map((id) => id.replace('flux-system/', '')).toSorted()}`
        : `${code} ${facts.gate ?? stops.length}`,
    )
    .toSorted()
}

test('a controller is too old only for what the repository uses', () =>
  withCases(cases, async (flux) => {
    const { kubectl } = flux.sandbox
    await kubectl(['apply', '--server-side', '-f', '-'], controllers.join('\n---\n'))
    try {
      const silent = await diagnoseFlux(flux)
      assert.ok(saidOf(silent.diagnoses, 'flux-system').includes('controller-down 5'))
      for (const namespace of ['default', 'kube-system', 'kube-public', 'flux-system'])
        await kubectl([
          'patch',
          '-n',
          namespace,
          'deployment/kustomize-controller',
          '--subresource=status',
          '--type=merge',
          '-p',
          '{"status": {"replicas": 1, "readyReplicas": 1}}',
        ])
      const { diagnoses } = await diagnoseFlux(flux)
      assert.equal(saidOf(diagnoses, 'default'), [
        '1.5.0 patched',
        '1.7.0 ',
        '1.9.0 quantum',
        'feature-gate-set StrictPostBuildSubstitutions',
      ])
      assert.equal(saidOf(diagnoses, 'kube-system'), ['1.7.3 remote', '1.9.0 quantum'])
      assert.equal(saidOf(diagnoses, 'kube-public'), ['1.9.2 ini'])
      assert.equal(saidOf(diagnoses, 'flux-system'), [])
    } finally {
      await kubectl(['delete', '--ignore-not-found', '-f', '-'], controllers.join('\n---\n'))
    }
  }))

test.run()
