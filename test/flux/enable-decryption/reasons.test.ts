import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { describeReasons, type Reason } from '../../../scripts/flux/enable-decryption/reasons.ts'
import type { BlockFault } from '../../../scripts/lib/repository/decryption/block-fault.ts'
import { type FluxKustomization, parseFluxFile } from '../../../scripts/lib/repository/flux-file.ts'
import { fluxKustomization } from '../../helpers/flux/flux-objects.ts'

function kustomization(file: string): FluxKustomization {
  const [found] = parseFluxFile(file, Buffer.from(fluxKustomization('apps', './apps')))!.kustomizations
  return found!
}

const refused = (fault: BlockFault): Reason => ({ code: 'refused-block', fault, line: 7, by: 'x.yaml' })

/** A reason for each code, and what people and `reason` of the JSON document read. */
const words: [words: string, reason: Reason][] = [
  ['x.yaml uses it as a patch', { code: 'used-as-patch', file: 'x.yaml' }],
  ['it is UTF-16', { code: 'not-edited', why: { refused: 'utf-16' } }],
  [
    "its spec can't be edited: it comes from an anchor",
    { code: 'spec-not-edited', why: { refused: 'anchor' } },
  ],
  ['it builds no encrypted file', { code: 'builds-nothing-encrypted' }],
  [
    'its path ./x is not here, or its source is another one, so it is not known to build an encrypted file',
    { code: 'path-not-here', path: './x' },
  ],
  [
    'it has an API version that Flux has removed: v1beta2 (in Flux 2.8)',
    { code: 'removed-version', version: 'v1beta2', flux: '2.8' },
  ],
  ['a.yaml gives it one', { code: 'block-given', files: ['a.yaml'], key: undefined }],
  [
    'a.yaml and b.yaml give it one, with the key of the controller (k.yaml)',
    { code: 'block-given', files: ['a.yaml', 'b.yaml'], key: 'k.yaml' },
  ],
  [
    'a.yaml gives it one, b.yaml does not',
    { code: 'block-given-in-part', file: 'a.yaml', without: 'b.yaml' },
  ],
  [
    'a.yaml gives it one, who applies it by hand does not',
    { code: 'block-given-in-part', file: 'a.yaml', without: undefined },
  ],
  ['line 7: its decryption block is empty, and decrypts nothing', refused({ fault: 'empty' })],
  ['line 7: its decryption block has no provider: it is sops', refused({ fault: 'no-provider' })],
  ['line 7: Flux refuses the block: this is not a mapping', refused({ fault: 'not-a-mapping' })],
  ['line 7: its secretRef has no name', refused({ fault: 'no-secret-name' })],
  [
    'line 7: Flux knows no decryption provider age: it is sops',
    refused({ fault: 'other-provider', provider: 'age' }),
  ],
  [
    'by k.yaml: Flux refuses the block: it knows no field name there',
    {
      code: 'refused-block',
      fault: { fault: 'unknown-field', field: 'name' },
      line: undefined,
      by: 'k.yaml',
    },
  ],
  ['k.yaml takes its block away', { code: 'block-taken-away', file: 'k.yaml' }],
  [
    'line 7: the block is in spec.sourceRef, and belongs into spec',
    refused({ fault: 'misplaced', under: 'spec.sourceRef' }),
  ],
  [
    'line 7: the block is in the object itself, and belongs into spec',
    refused({ fault: 'misplaced', under: '' }),
  ],
  [
    'the decryption block names no key Secret, and nothing here gives the controller a key that it can use: it cannot decrypt s.yaml',
    { code: 'no-key-secret', file: 's.yaml' },
  ],
  [
    'the API server would refuse it, for it lacks interval, prune',
    { code: 'not-applied', why: { why: 'incomplete', lacks: ['interval', 'prune'] } },
  ],
  [
    'k.yaml lists others beside it, and not it',
    { code: 'not-applied', why: { why: 'not-listed', by: 'k.yaml' } },
  ],
  [
    '.sourceignore leaves it out of what Flux gets (pattern /x)',
    { code: 'not-applied', why: { why: 'left-out', pattern: '/x', by: '.sourceignore' } },
  ],
  [
    'Flux by itself leaves it out of what Flux gets (pattern .github/)',
    { code: 'not-applied', why: { why: 'left-out', pattern: '.github/', by: undefined } },
  ],
  [
    'it has a decryption block of its own: no provider, no Secret',
    { code: 'other-block', provider: undefined, secret: undefined },
  ],
  [
    'it has a decryption block of its own: provider sops, no Secret',
    { code: 'other-block', provider: 'sops', secret: undefined },
  ],
  [
    'it has a decryption block of its own: no provider, Secret x',
    { code: 'other-block', provider: undefined, secret: 'x' },
  ],
  ['the controller has the key (k.yaml)', { code: 'controller-has-key', key: 'k.yaml' }],
  [
    'the controller has a key (k.yaml): --provider-only is enough',
    { code: 'controller-key-is-enough', key: 'k.yaml' },
  ],
  [
    'it builds s.yaml, and so does flux-system/apps (apps.yaml)',
    { code: 'built-twice', file: 's.yaml', other: kustomization('apps.yaml') },
  ],
  [
    'k.yaml uses replacements: what that makes of it is not known',
    { code: 'object-not-known', file: 'k.yaml', field: 'replacements', reach: 'object' },
  ],
  [
    "k.yaml can't be read (missing char in line 2): what that makes of it is not known",
    {
      code: 'object-not-known',
      file: 'k.yaml',
      field: undefined,
      problem: 'missing char in line 2',
      reach: 'object',
    },
  ],
  [
    'k.yaml uses resources (URL): whether that brings an encrypted file is not known',
    { code: 'files-not-known', file: 'k.yaml', field: 'resources (URL)', reach: 'files' },
  ],
  ['what it lacks is added before it is applied', { code: 'block-completed' }],
  ['its block is changed, or taken away, before it is applied', { code: 'block-changed' }],
  ['the block would change more than this spec, for example through an anchor', { code: 'more-than-spec' }],
  [
    '`flux bootstrap` writes this file anew; it builds no encrypted file, so it needs no patch yet (--root adds it)',
    { code: 'bootstrap-without-need' },
  ],
  [
    'the patch in k.yaml is for a version that it has no more, so kustomize builds nothing: it is written anew',
    { code: 'pinned-patch', file: 'k.yaml' },
  ],
  ['`flux bootstrap` writes this file anew, and it holds several', { code: 'bootstrap-several' }],
  ...Object.entries({
    'k.yaml includes it, so a patch beside it would have no effect': {
      refused: 'included-elsewhere',
      file: 'k.yaml',
    },
    'k.yaml is in git, but not in the working tree': { refused: 'not-in-working-tree', file: 'k.yaml' },
    'git ignores k.yaml': { refused: 'ignored-file', file: 'k.yaml' },
    'k.yaml does not list it': { refused: 'not-listed', file: 'k.yaml' },
    'd has no kustomization file, but directories that one would have to list': {
      refused: 'directories-below',
      directory: 'd',
    },
    'cannot edit k.yaml: its patches are not a block list': {
      refused: 'in-file',
      file: 'k.yaml',
      why: { refused: 'patches-not-a-block-list' },
    },
  } as const).map(([text, why]): [string, Reason] => [
    `\`flux bootstrap\` writes this file anew, and ${text}`,
    { code: 'bootstrap-not-edited', why },
  ]),
]

for (const [text, reason] of words)
  test(`describeReasons: ${reason.code}: ${text}`, () => assert.is(describeReasons([reason]), text))

test('describeReasons: none, and several', () => {
  assert.is(describeReasons([]), undefined)
  assert.is(
    describeReasons([{ code: 'builds-nothing-encrypted' }, { code: 'used-as-patch', file: 'x' }]),
    'it builds no encrypted file; x uses it as a patch',
  )
})

test.run()
