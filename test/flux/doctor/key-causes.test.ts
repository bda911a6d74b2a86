import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chosen } from '../../../scripts/diagnosis/choice.ts'
import { clusterKeyFindings } from '../../../scripts/findings/catalogue/cluster/keys.ts'
import { keySecretFindings } from '../../../scripts/findings/catalogue/key-secret.ts'
import { catalogue } from '../../../scripts/findings/catalogue.ts'
import { worded } from '../../../scripts/findings/finding.ts'
import { conditionOf } from '../../../scripts/lib/cluster/flux-objects.ts'
import { keyCases, other, secretTexts, stranger } from '../../helpers/diagnosis/key-cases.ts'
import { withDirectory } from '../../helpers/files.ts'
import { diagnoseFlux } from '../../helpers/flux/diagnose-cases.ts'
import { encrypt, key, secret } from '../../helpers/flux/encrypted-objects.ts'
import { withCases } from '../../helpers/flux/run-cases.ts'
import { assertNoLeak } from '../../helpers/leak.ts'

const families: Record<string, unknown> = { ...keySecretFindings, ...clusterKeyFindings }

/** What is said of a case that is about keys. */
type Said = Awaited<ReturnType<typeof diagnoseFlux>>
const of = ({ diagnoses, snapshot }: Said, name: string) =>
  diagnoses
    .filter(chosen([name], snapshot))
    .map(({ finding }) => finding)
    .filter(({ code }) => code in families)

const noLeakIn = ({ diagnoses }: Said) =>
  withDirectory(async (directory) => {
    const words = diagnoses.map(({ finding }) => [finding, worded(finding)])
    assertNoLeak([...secretTexts, 'clear'], { 'the diagnoses': JSON.stringify(words) }, directory)
  })

test('each cause in a key is the headline, with what mends it, and nothing else is wrong', () =>
  withCases(keyCases, async (flux, kustomizations) => {
    const { kubectl } = flux.sandbox
    try {
      const said = await diagnoseFlux(flux)
      for (const { name, code, says, notes } of keyCases) {
        const found = of(said, name)
        const [headline] = found
        const kustomization = kustomizations.find(({ metadata }) => metadata.name === name)!
        const isReady = conditionOf(kustomization, 'Ready')?.status === 'True'
        assert.is(isReady, code === undefined || code === 'last-applied-copy', name)
        const rest = found.slice(code === undefined ? 0 : 1).map((one) => one.code)
        const isNote = headline && catalogue[headline.code].severity === 'note'
        assert.is(isNote ? undefined : headline?.code, code, `${name}: ${JSON.stringify(found)}`)
        assert.equal(
          rest.filter((one) => one !== 'no-watch-label').toSorted(),
          [...notes].toSorted(),
          `${name}: ${JSON.stringify(found)}`,
        )
        if (!headline) continue
        const { message, fix } = worded(headline)
        for (const words of says) assert.match(`${message}\n${fix}`, words, name)
      }
      const wrong = of(said, 'wrong-key')[0]
      assert.is(wrong?.file, 'wrong-key/s.yaml')
      const lines = encrypt(secret('wrong-key'), { to: [[stranger]] }).split('\n')
      assert.is(wrong?.line, lines.findIndex((line) => line.includes('recipient:')) + 1)
      await noLeakIn(said)

      // the command that copies a key brings it, and no more than that
      const copy = worded(of(said, 'elsewhere-fits')[0]!).fix.split('`')[1]!.split(' | mise')[0]!
      assert.is(execFileSync('sh', ['-c', copy], { env: flux.env, encoding: 'utf8' }), key.text)

      // with a key at hand, that is the one to take
      const atHand = await diagnoseFlux(flux, { identities: [stranger] })
      const own = of(atHand, 'wrong-key')[0]!
      assert.is(own.code, 'wrong-key-at-hand')
      assert.match(worded(own).fix, '`mise run flux:sops-key --name wrong-key`')
      await noLeakIn(atHand)

      // outside of the repository, Flux itself names the recipients
      const outside = await diagnoseFlux(flux, { isOutside: true })
      const named = of(outside, 'wrong-key')[0]!
      assert.is(named.code, 'wrong-key')
      assert.match(worded(named).message, `Secret wrong-key is encrypted to another key`)
      assert.match(worded(named).message, `encrypted to ${stranger.recipient}, and`)
      assert.is(of(outside, 'elsewhere-of-others')[0]?.code, 'key-secret-elsewhere')
      await noLeakIn(outside)
    } finally {
      await kubectl(['delete', 'secrets', '-n', 'default', 'elsewhere-fits', 'elsewhere-of-others'])
      await kubectl(['delete', 'secrets', '-n', 'default', 'in-other-namespace'])
    }
  }))

const age = (text: string) => ({ 'age.agekey': text })
const block = (name: string) => `  decryption: {provider: sops, secretRef: {name: ${name}}}\n`
const changing = ['removed', 'replaced', 'made', 'mended', 'same'] as const

test('what becomes wrong behind a Ready condition, or right, is seen before Flux does', () => {
  const keys = {
    removed: age(key.text),
    replaced: age(key.text),
    made: undefined,
    mended: age(other.text),
    same: age(key.text),
  }
  const cases = changing.map((name) => ({
    name,
    files: () => ({ 's.yaml': encrypt(secret(name)) }),
    keys: keys[name],
    spec: block(name),
  }))
  return withCases(cases, async (flux) => {
    const { kubectl } = flux.sandbox
    const put = (name: string, text: string) =>
      kubectl(
        ['apply', '--server-side', '--force-conflicts', '-f', '-'],
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name, namespace: 'flux-system', labels: { 'reconcile.fluxcd.io/watch': 'No' } },
          stringData: age(text),
        }),
      )
    await kubectl(['delete', 'secret', '-n', 'flux-system', 'removed'])
    await put('replaced', stranger.text)
    await put('made', key.text)
    await put('mended', key.text)
    // a copy without the key is none
    const copy = 'kubectl.kubernetes.io/last-applied-configuration={}'
    await kubectl(['annotate', 'secret', '-n', 'flux-system', 'same', copy])
    const said = await diagnoseFlux(flux)
    const codes = changing.map((name) => of(said, name).map(({ code }) => code)[0])
    assert.equal(codes, [
      'key-secret-missing',
      'wrong-key-elsewhere',
      'key-mended',
      'key-mended',
      'no-watch-label',
    ])
    assert.match(worded(of(said, 'made')[0]!).fix, '`flux reconcile kustomization made -n flux-system`')
    await noLeakIn(said)
  })
})

test.run()
