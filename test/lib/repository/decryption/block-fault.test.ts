import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { type BlockFault, blockFaultOf } from '../../../../scripts/lib/repository/decryption/block-fault.ts'
import { fluxKustomization } from '../../../helpers/flux/flux-objects.ts'
import { withSandbox } from '../../../helpers/flux/sandbox.ts'

/** Lines of a Kustomization behind its spec, what is wrong with them, and what the API server says of them. */
const cases: [lines: string, fault: BlockFault | undefined, said: RegExp | undefined][] = [
  ['  decryption: {provider: sops, secretRef: {name: sops-age}}', undefined, undefined],
  ['  decryption: {provider: sops}', undefined, undefined],
  ['  decryption: {provider: sops, serviceAccountName: x}', undefined, undefined],
  ['  decryption:', { fault: 'empty' }, /must be of type object/],
  ['  decryption: {}', { fault: 'empty' }, /provider: Required value/],
  ['  decryption: sops', { fault: 'not-a-mapping' }, /decryption/],
  ['  decryption: [sops]', { fault: 'not-a-mapping' }, /decryption/],
  ['  decryption: {secretRef: {name: sops-age}}', { fault: 'no-provider' }, /provider: Required value/],
  [
    '  decryption: {provider: age}',
    { fault: 'other-provider', provider: 'age' },
    /decryption\.provider: Unsupported value/,
  ],
  ['  decryption: {name: sops-age}', { fault: 'unknown-field', field: 'name' }, /decryption\.name/],
  [
    '  decryption: {provider: sops, secretRef: {name: x, namespace: y}}',
    { fault: 'unknown-field', field: 'secretRef.namespace' },
    /secretRef\.namespace/,
  ],
  ['  decryption: {provider: sops, secretRef: x}', { fault: 'not-a-mapping' }, /secretRef/],
  ['  decryption: {provider: sops, secretRef: {}}', { fault: 'no-secret-name' }, /secretRef\.name: Required/],
  ['decryption: {provider: sops}', { fault: 'misplaced', under: '' }, /decryption/],
  [
    '  wait: true\n  kubeConfig: {secretRef: {name: x}, decryption: {provider: sops}}',
    { fault: 'misplaced', under: 'spec.kubeConfig' },
    /kubeConfig\.decryption/,
  ],
  ['  postBuild: {substitute: {decryption: x}}', undefined, undefined],
  ["  patches: [{patch: '{decryption: x}'}]", undefined, undefined],
]

const object = (lines: string) => `${fluxKustomization('a', './a')}${lines}\n`

test('blockFaultOf: what the API server says as well', () =>
  withSandbox(async ({ kubectl }) => {
    for (const [lines, fault, said] of cases) {
      const text = object(lines)
      assert.equal(blockFaultOf(parse(text))?.fault, fault, lines)
      const apply = ['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-']
      const answer = await kubectl(apply, text).then(
        () => undefined,
        (error: Error) => error.message,
      )
      if (said) assert.match(`${answer}`, said, lines)
      else assert.is(answer, undefined, lines)
    }
  }))

test('blockFaultOf: a variable may be any provider', () => {
  assert.is(blockFaultOf(parse(object(`  decryption: {provider: "\${X}"}`))), undefined)
})

test.run()
