import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  applyEdits,
  insertAtEndOfMapping,
  insertLinesAfter,
} from '../../../scripts/lib/yaml/document-edit.ts'
import { nodeAt, parseDocuments } from '../../../scripts/lib/yaml/documents.ts'
import { valueAt } from '../../../scripts/lib/yaml/values.ts'

const entries = { decryption: { provider: 'sops', secretRef: { name: 'sops-age' } } }

/** The text with `decryption` at the end of `spec` of its first document, or the code of the refusal. */
function addTo(text: string, ...path: (string | number)[]): string {
  const [document] = parseDocuments(text)
  assert.is(document!.problem, undefined)
  const edit = insertAtEndOfMapping(
    text,
    nodeAt(document!.root, ...(path.length ? path : ['spec']))!,
    entries,
  )
  return 'refused' in edit ? edit.refused : applyEdits(text, [edit])
}

const block = (indent: string, step = '  ', end = '\n') =>
  ['decryption:', `${step}provider: sops`, `${step}secretRef:`, `${step}${step}name: sops-age`]
    .map((line) => indent + line + end)
    .join('')

const flow = 'decryption: {provider: sops, secretRef: {name: sops-age}}'
const padded = 'decryption: { provider: sops, secretRef: { name: sops-age } }'
const json = '"decryption": { "provider": "sops", "secretRef": { "name": "sops-age" } }'

/** Each form as the text before and the text behind the place where the block belongs, and the block. */
const forms: Record<string, [before: string, added: string, after: string]> = {
  'two blanks': ['spec:\n  path: x\n', block('  '), ''],
  'one blank': ['spec:\n path: x\n', block(' ', ' '), ''],
  'four blanks': ['spec:\n    path: x\n', block('    ', '    '), ''],
  'further keys behind it': ['spec:\n  path: x\n', block('  '), 'status: {}\n'],
  CRLF: ['kind: K\r\nspec:\r\n  path: x\r\n', block('  ', '  ', '\r\n'), 'status: {}\r\n'],
  'CRLF without a final newline': [
    'kind: K\r\nspec:\r\n  path: x',
    `\r\n${block('  ', '  ', '\r\n')}`.slice(0, -2),
    '',
  ],
  'mixed line ends': ['kind: K\nspec:\n  path: x\r\n', block('  ', '  ', '\r\n'), 'status: {}\n'],
  'no final newline': ['spec:\n  path: x', `\n${block('  ')}`.slice(0, -1), ''],
  'no final newline, blanks at the end': ['spec:\n  path: x  ', `\n${block('  ')}`.slice(0, -1), ''],
  BOM: ['\uFEFFspec:\n  path: x\n', block('  '), ''],
  'comments and blank lines behind it': [
    'spec:\n  path: x # why\n',
    block('  '),
    '  # decryption:\n\n# end\n',
  ],
  'a further document': ['spec:\n  path: x\n', block('  '), '---\nkind: Other\n'],
  'marks with blanks': ['---  \nspec:\n  path: x\n', block('  '), '---  \nkind: Other\n'],
  'a list as last value': ['spec:\n  dependsOn:\n    - name: a\n    - name: b\n', block('  '), ''],
  'a flush list as last value': ['spec:\n  dependsOn:\n  - name: a\n', block('  '), ''],
  'a nested mapping as last value': ['spec:\n  a:\n    b:\n      c: d\n', block('  '), 'x: y\n'],
  'a flow list over lines as last value': ['spec:\n  dependsOn: [\n    {name: a},\n  ]\n', block('  '), ''],
  'an empty last value': ['spec:\n  path: x\n  timeout: # none\n', block('  '), '  # more\nx: y\n'],
  'an empty last item': ['spec:\n  list:\n  - \n', block('  '), 'x: y\n'],
  'a long text as last value': ['spec:\n  path: x\n    y\n    z # end\n', block('  '), ''],
  'a quoted text over lines as last value': ['spec:\n  path: "x\n\n    y"\n', block('  '), ''],
  'a block text as last value': ['spec:\n  patch: |\n    x\n', block('  '), '\n\n# end\n'],
  'a stripped block text as last value': ['spec:\n  patch: >-\n    x\n', block('  '), '\nx: y\n'],
  'a kept block text as last value': ['spec:\n  patch: |+\n    x\n\n\n', block('  '), 'x: y\n'],
  'a block text with a line of blanks': ['spec:\n  patch: |\n    x\n        \n', block('  '), 'x: y\n'],
  'a stripped block text at the very end': ['spec:\n  patch: |-\n    x', `\n${block('  ')}`.slice(0, -1), ''],
  'an alias as last value': ['x: &x 1\nspec:\n  path: *x\n', block('  '), ''],
  'an anchor on the mapping': ['spec: &spec\n  path: x\n', block('  '), ''],
  'an anchor on a key': ['spec:\n  &a path: x\n  prune: true\n', block('  '), ''],
  'a merge key': ['x: &x {a: b}\nspec:\n  <<: *x\n', block('  '), ''],
  'quoted keys': ['"spec":\n  "path": "x"\n  \'prune\': true\n', block('  '), ''],
  variables: [`spec:\n  path: \${PATH:=./x}\n  \${KEY}: y\n`, block('  '), ''],
  flow: ['spec: {path: x, prune: true', `, ${flow}`, '}\n'],
  'padded flow': ['spec: { path: x', `, ${padded}`, ' }\n'],
  'flow with a last comma': ['spec: {path: x', `, ${flow}`, ',}\n'],
  'empty flow': ['spec: {', flow, '}\n'],
  'flow over lines': ['spec: {\n  path: x,\n', `  ${padded},\n`, '  # why\n  prune: true, # end\n}\n'],
  'flow with two keys in its last line': ['spec: {\n  path: x, prune: true', `, ${padded}`, '\n}\n'],
  JSON: ['{\n\t"spec": {\n\t\t"path": "x",\n', `\t\t${json},\n`, '\t\t"prune": true\n\t}\n}\n'],
  'JSON in a line': ['{"spec":{"path":"x"', `, ${json.replaceAll('{ ', '{').replaceAll(' }', '}')}`, '}}'],
}

for (const [name, [before, added, after]] of Object.entries(forms)) {
  test(`insertAtEndOfMapping: ${name}`, () => {
    assert.is(addTo(before + after), before + added + after)
  })
}

test('insertAtEndOfMapping: in a list', () => {
  const text = 'items:\n  - kind: K\n    spec:\n      path: x\n  - kind: L\n'
  assert.is(addTo(text, 'items', 0, 'spec'), text.replace('  - kind: L', `${block('      ')}  - kind: L`))
})

test('insertAtEndOfMapping: in the root, with the step of what is in it', () => {
  assert.is(addTo('a:\n    b: c\n', 'a'), `a:\n    b: c\n${block('    ', '    ')}`)
  const text = 'a:\n    b: c\n'
  const edit = insertAtEndOfMapping(text, parseDocuments(text)[0]!.root!, entries)
  assert.is('refused' in edit ? edit.refused : applyEdits(text, [edit]), text + block('', '    '))
})

test('insertAtEndOfMapping: says what can not be edited', () => {
  assert.is(addTo('x: &x {a: b}\nspec: *x\n'), 'alias')
  assert.is(addTo('spec: x\n'), 'not-a-mapping')
  assert.is(addTo('spec: [x]\n'), 'not-a-mapping')
  assert.is(addTo('? spec\n: path: x\n'), 'unusual-keys')
  assert.is(addTo('spec:\n  patch: |\n    x'), 'unfinished-block-text')
  assert.is(addTo('spec:\n  patch: >+\n    x'), 'unfinished-block-text')
})

test('insertAtEndOfMapping: quotes what is no plain text', () => {
  const text = 'spec:\n  path: x\n'
  const root = parseDocuments(text)[0]!.root!
  for (const name of [
    'true',
    'no',
    'null',
    '12',
    '1e3',
    '0x1',
    '',
    'a: b',
    '- a',
    '# a',
    'ä',
    'a b',
    '"',
    '\n',
  ]) {
    const edit = insertAtEndOfMapping(text, nodeAt(root, 'spec')!, { name })
    if ('refused' in edit) throw new Error(edit.refused)
    assert.is(valueAt(parseDocuments(applyEdits(text, [edit]))[0]!.value, 'spec', 'name'), name)
  }
})

test('insertLinesAfter: behind the last entry of a list', () => {
  const text = 'resources:\n- a\n- b # why\n\n# end\nx: y\n'
  const edit = insertLinesAfter(text, nodeAt(parseDocuments(text)[0]!.root, 'resources')!, ['- c'])
  if ('refused' in edit) throw new Error(edit.refused)
  assert.is(applyEdits(text, [edit]), 'resources:\n- a\n- b # why\n- c\n\n# end\nx: y\n')
})

test('applyEdits: in any order, and never overlapping ones', () => {
  const edits = [
    { offset: 3, remove: 1, insert: 'D' },
    { offset: 0, remove: 0, insert: '<' },
    { offset: 4, remove: 0, insert: '>' },
  ]
  assert.is(applyEdits('abcd', edits), '<abcD>')
  assert.throws(() =>
    applyEdits('abcd', [
      { offset: 0, remove: 2, insert: '' },
      { offset: 1, remove: 1, insert: '' },
    ]),
  )
})

test.run()
