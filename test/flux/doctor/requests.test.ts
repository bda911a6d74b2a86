import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { diagnoseFlux } from '../../helpers/flux/diagnose-cases.ts'
import { encrypt, key, secret } from '../../helpers/flux/encrypted-objects.ts'
import { withCases } from '../../helpers/flux/run-cases.ts'
import type { Flux } from '../../helpers/flux/sandbox.ts'

/** How many requests a diagnosis sends to the API server. */
async function requestsOf(flux: Flux): Promise<number> {
  let count = 0
  const seen = () => {
    count++
  }
  subscribe('http.client.request.start', seen)
  try {
    await diagnoseFlux(flux, { identities: [] })
  } finally {
    unsubscribe('http.client.request.start', seen)
  }
  return count
}

test('the API server is asked the same number of questions for many Kustomizations as for few', () => {
  const cases = Array.from({ length: 24 }, (_, index) => ({
    name: `many${index}`,
    files: (name: string) => ({ 's.yaml': encrypt(secret(name)) }),
    keys: { 'age.agekey': key.text },
    spec: '  decryption: {provider: sops, secretRef: {name: many0}}\n',
  }))
  return withCases(cases, async (flux) => {
    const many = await requestsOf(flux)
    const others = cases.slice(2).map(({ name }) => name)
    await flux.sandbox.kubectl(['delete', 'kustomizations', '-n', 'flux-system', ...others, '--timeout=120s'])
    const few = await requestsOf(flux)
    assert.ok(few > 5, `${few}`)
    assert.is(many, few)
  })
})

test.run()
