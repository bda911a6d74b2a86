import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { addResource, hasResource, removeResource } from '../../../scripts/lib/kustomize/resources.ts'
import type { Refusal } from '../../../scripts/lib/yaml/refusal.ts'
import { withDirectory, writeFiles } from '../../helpers/files.ts'

const head = 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n'

/** How a list is written before and after, byte for byte, and what is left where only the entry is taken out again. */
const styles: Record<string, { before: string; after: string; plain?: string }> = {
  'the empty list of the seed': {
    before: `${head}resources: []\n`,
    after: `${head}resources:\n  - sops-test\n`,
  },
  'indented entries': {
    before: `${head}resources:\n  - a.yaml\n  - b.yaml\n`,
    after: `${head}resources:\n  - a.yaml\n  - b.yaml\n  - sops-test\n`,
  },
  'flush entries': {
    before: `${head}resources:\n- a.yaml\n- b.yaml\nnamespace: x\n`,
    after: `${head}resources:\n- a.yaml\n- b.yaml\n- sops-test\nnamespace: x\n`,
  },
  'entries by four blanks and a wide dash': {
    before: `resources:\n    -   a.yaml\n    -   b.yaml\n`,
    after: `resources:\n    -   a.yaml\n    -   b.yaml\n    -   sops-test\n`,
  },
  'comments between, behind and below': {
    before: `# top\nresources: # list\n  # one\n  - a.yaml # two\n  # three\n\n# four\nnamespace: x # five\n`,
    after: `# top\nresources: # list\n  # one\n  - a.yaml # two\n  - sops-test\n  # three\n\n# four\nnamespace: x # five\n`,
  },
  'a comment behind the empty list': {
    before: `${head}resources: []   # nothing yet\n# end\n`,
    after: `${head}resources:   # nothing yet\n  - sops-test\n# end\n`,
  },
  'blanks in the empty list': {
    before: `${head}resources: [  ] \nnamespace: x\n`,
    after: `${head}resources: \n  - sops-test\nnamespace: x\n`,
    plain: `${head}resources: [] \nnamespace: x\n`,
  },
  'wide blanks before the empty list': {
    before: `resources:    []\nnamespace:    x\n`,
    after: `resources:\n  - sops-test\nnamespace:    x\n`,
    plain: `resources: []\nnamespace:    x\n`,
  },
  'an empty list over two lines': {
    before: `${head}resources: [\n  ]\n`,
    after: `${head}resources:\n  - sops-test\n`,
    plain: `${head}resources: []\n`,
  },
  'an empty list on its own line': {
    before: `${head}resources:\n  [] # none\n`,
    after: `${head}resources:\n  - sops-test # none\n`,
    plain: `${head}resources: []\n`,
  },
  'a comment in the empty list': {
    before: `${head}resources: [ # none\n  ]\n`,
    after: `${head}resources: [sops-test # none\n  ]\n`,
  },
  'an empty list and flush lists beside it': {
    before: `resources: []\nconfigMapGenerator:\n- name: a\n  literals: [a=b]\n`,
    after: `resources:\n- sops-test\nconfigMapGenerator:\n- name: a\n  literals: [a=b]\n`,
  },
  'no value': {
    before: `resources:\nnamespace: x\n`,
    after: `resources:\n  - sops-test\nnamespace: x\n`,
    plain: `resources: []\nnamespace: x\n`,
  },
  'no value but comments': {
    before: `namespace: x\nresources: # none\n  # - c.yaml\n`,
    after: `namespace: x\nresources: # none\n  - sops-test\n  # - c.yaml\n`,
    plain: `namespace: x\nresources: [] # none\n  # - c.yaml\n`,
  },
  null: {
    before: `namespace: x\nresources: null\n`,
    after: `namespace: x\nresources:\n  - sops-test\n`,
    plain: `namespace: x\nresources: []\n`,
  },
  'a tilde and a comment': {
    before: `namespace: x\nresources: ~ # none\n`,
    after: `namespace: x\nresources: # none\n  - sops-test\n`,
    plain: `namespace: x\nresources: [] # none\n`,
  },
  'no key': {
    before: `${head}namespace: x\n`,
    after: `${head}namespace: x\nresources:\n  - sops-test\n`,
    plain: `${head}namespace: x\nresources: []\n`,
  },
  'no key, flush lists and a comment at the end': {
    before: `configMapGenerator:\n- name: a\n\n# end\n`,
    after: `configMapGenerator:\n- name: a\nresources:\n- sops-test\n\n# end\n`,
    plain: `configMapGenerator:\n- name: a\nresources: []\n\n# end\n`,
  },
  'no key and no final newline': {
    before: `${head}namespace: x`,
    after: `${head}namespace: x\nresources:\n  - sops-test`,
    plain: `${head}namespace: x\nresources: []`,
  },
  'entries without a final newline': {
    before: `resources:\n  - a.yaml`,
    after: `resources:\n  - a.yaml\n  - sops-test`,
  },
  'an empty list without a final newline': {
    before: `${head}resources: []`,
    after: `${head}resources:\n  - sops-test`,
  },
  CRLF: {
    before: `${head}resources:\n  - a.yaml\nnamespace: x\n`.replaceAll('\n', '\r\n'),
    after: `${head}resources:\n  - a.yaml\n  - sops-test\nnamespace: x\n`.replaceAll('\n', '\r\n'),
  },
  'CRLF, an empty list and a comment': {
    before: `${head}resources: [] # none\nnamespace: x\n`.replaceAll('\n', '\r\n'),
    after: `${head}resources: # none\n  - sops-test\nnamespace: x\n`.replaceAll('\n', '\r\n'),
  },
  'CRLF, no final newline': {
    before: `${head}resources:\n  - a.yaml`.replaceAll('\n', '\r\n'),
    after: `${head}resources:\n  - a.yaml\n  - sops-test`.replaceAll('\n', '\r\n'),
  },
  'a byte order mark': {
    before: `\uFEFFresources: []\nnamespace: x\n`,
    after: `\uFEFFresources:\n  - sops-test\nnamespace: x\n`,
  },
  'a byte order mark and no key': {
    before: `\uFEFFnamespace: x\n`,
    after: `\uFEFFnamespace: x\nresources:\n  - sops-test\n`,
    plain: `\uFEFFnamespace: x\nresources: []\n`,
  },
  'characters in comments that JavaScript takes for line ends': {
    before: `resources: [] # \u2028\n`,
    after: `resources: # \u2028\n  - sops-test\n`,
  },
  'the same behind an entry': {
    before: `resources:\n- a.yaml # \u2029\n`,
    after: `resources:\n- a.yaml # \u2029\n- sops-test\n`,
  },
  'document marks': {
    before: `---\n${head}resources: []\n...\n`,
    after: `---\n${head}resources:\n  - sops-test\n...\n`,
  },
  'an anchor on the empty list': {
    before: `resources: &all []\n`,
    after: `resources: &all\n  - sops-test\n`,
  },
  'an anchor on the entries': {
    before: `resources: &all\n- a.yaml\n`,
    after: `resources: &all\n- a.yaml\n- sops-test\n`,
  },
  'a flow list': {
    before: `resources: [a.yaml, b.yaml] # list\n`,
    after: `resources: [a.yaml, b.yaml, sops-test] # list\n`,
  },
  'a flow list with blanks and a comma at its end': {
    before: `resources: [ a.yaml, 'b.yaml' , ]\n`,
    after: `resources: [ a.yaml, 'b.yaml', sops-test , ]\n`,
    plain: `resources: [ a.yaml, 'b.yaml', ]\n`,
  },
  'a flow list over several lines': {
    before: `resources: [\n  a.yaml, # one\n  b.yaml # two\n  # three\n  ]\nnamespace: x\n`,
    after: `resources: [\n  a.yaml, # one\n  b.yaml, # two\n  sops-test\n  # three\n  ]\nnamespace: x\n`,
  },
  'a flow list over several lines, with a comma at its end': {
    before: `resources: [\n  a.yaml,\n  b.yaml, # two\n  ]\n`,
    after: `resources: [\n  a.yaml,\n  b.yaml, # two\n  sops-test,\n  ]\n`,
  },
  'a flow list that ends behind its last entry': {
    before: `resources: [a.yaml,\n  b.yaml]\n`,
    after: `resources: [a.yaml,\n  b.yaml,\n  sops-test]\n`,
  },
  'a flow list with two entries on its last line': {
    before: `resources: [\n  a.yaml, b.yaml\n  ]\n`,
    after: `resources: [\n  a.yaml, b.yaml, sops-test\n  ]\n`,
  },
  JSON: {
    before: `{"kind": "Kustomization", "resources": ["a.yaml"]}\n`,
    after: `{"kind": "Kustomization", "resources": ["a.yaml", "sops-test"]}\n`,
  },
  'JSON with an empty list': {
    before: `{\n  "resources": [],\n  "namespace": "x"\n}\n`,
    after: `{\n  "resources": ["sops-test"],\n  "namespace": "x"\n}\n`,
  },
  'a Component': {
    before: `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: []\n`,
    after: `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources:\n  - sops-test\n`,
  },
  'quoted keys': {
    before: `"kind": "Kustomization"\n"resources": []\n`,
    after: `"kind": "Kustomization"\n"resources":\n  - sops-test\n`,
  },
  'other things behind the list': {
    before: `resources:\n  - a.yaml\n  - |-\n    b.yaml\nnamespace: x\n`,
    after: `resources:\n  - a.yaml\n  - |-\n    b.yaml\n  - sops-test\nnamespace: x\n`,
  },
}

for (const [style, { before, after, plain = before }] of Object.entries(styles)) {
  test(`${style}: only the entry is added, and taken out again`, () => {
    const added = addResource(before, 'sops-test')
    assert.ok('text' in added, JSON.stringify(added))
    assert.is(added.text, after)
    assert.ok(hasResource(after, 'sops-test'))
    assert.equal(removeResource(after, 'sops-test', added.replaced), { text: before })
    assert.equal(removeResource(after, 'sops-test'), { text: plain })
  })
}

test('kustomize reads every style as before, plus the entry', () =>
  withDirectory(async (directory) => {
    const configMap = (name: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: x\n`
    writeFiles(directory, {
      'a.yaml': configMap('a.yaml'),
      'b.yaml': configMap('b.yaml'),
      'sops-test/kustomization.yaml': 'resources: [x.yaml]\n',
      'sops-test/x.yaml': configMap('sops-test'),
    })
    for (const [style, { before }] of Object.entries(styles)) {
      const added = addResource(before, 'sops-test')
      assert.ok('text' in added, style)
      writeFileSync(join(directory, 'kustomization.yaml'), added.text)
      const args = ['build', directory]
      const built = execFileSync('kustomize', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      const names = [...built.matchAll(/^ {2}name: (\S*)$/gm)].map(([, name]) => name!.replace(/^a-.*/, 'a'))
      const expected = ['a.yaml', 'b.yaml'].filter((name) => before.includes(name))
      if (before.includes('name: a\n')) expected.push('a')
      assert.equal(names.sort(), [...expected, 'sops-test'].sort(), style)
    }
  }))

const refusals: Record<string, [text: string, refusal: Refusal]> = {
  'an alias': ['components: &all []\nresources: *all\n', { refused: 'alias-of-resources' }],
  'a list that an alias shows elsewhere': [
    'resources: &all\n- a\ncomponents: *all\n',
    { refused: 'more-than-resources' },
  ],
  'an empty list that an alias shows elsewhere': [
    'resources: &all []\ncomponents: *all\n',
    { refused: 'more-than-resources' },
  ],
  'a merge key': ['x: &x\n  resources: [a]\n<<: *x\n', { refused: 'more-than-resources' }],
  'no list': ['resources: a.yaml\n', { refused: 'resources-not-a-list' }],
  'a mapping': ['resources:\n  a: b\n', { refused: 'resources-not-a-list' }],
  'two documents': ['resources: []\n---\nresources: []\n', { refused: 'several-documents' }],
  nothing: ['', { refused: 'several-documents' }],
  'only comments': ['# nothing\n', { refused: 'several-documents' }],
  'no YAML': ['resources: [\n', { refused: 'invalid-yaml', problem: 'bad indent in line 2' }],
  'a template': [
    'resources:\n{{ range .x }}\n- {{ . }}\n',
    { refused: 'invalid-yaml', problem: 'missing char in line 2' },
  ],
  'the key twice': [
    'resources: []\nresources: []\n',
    { refused: 'invalid-yaml', problem: 'duplicate key in line 2' },
  ],
  'a list at the root': ['- resources\n', { refused: 'not-a-mapping' }],
  'an explicit key': ['? resources\n: []\n', { refused: 'unusual-resources' }],
  'a null with a tag': ['resources: !!null\nnamespace: x\n', { refused: 'resources-not-a-list' }],
  'flow style without the key': ['{namespace: x}\n', { refused: 'flow-without-resources' }],
  'a Flux Kustomization': [
    'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec: {}\n',
    { refused: 'other-kind', kind: 'Kustomization', group: 'kustomize.toolkit.fluxcd.io' },
  ],
  'a ConfigMap': [
    'apiVersion: v1\nkind: ConfigMap\n',
    { refused: 'other-kind', kind: 'ConfigMap', group: 'v1' },
  ],
  'a last entry that is a text with no end': [
    'resources:\n  - |\n    a.yaml',
    { refused: 'unfinished-block-text' },
  ],
}

for (const [what, [text, refusal]] of Object.entries(refusals))
  test(`refused: ${what}`, () => assert.equal(addResource(text, 'sops-test'), refusal))

test('names that YAML takes for something else are quoted', () => {
  for (const name of ['1234', '0x1f', '1e3', 'true', 'null', 'on', 'y', '2024-01-01']) {
    for (const before of ['resources: []\n', 'resources: [a]\n', 'resources:\n- a\n', 'namespace: x\n']) {
      const added = addResource(before, name)
      assert.ok('text' in added)
      assert.match(added.text, `"${name}"`)
      assert.equal(removeResource(added.text, name, added.replaced), { text: before })
    }
  }
})

test('a list that was edited meanwhile keeps its edits; just the entry goes', () => {
  const edited: [before: string, edit: (text: string) => string, after: string][] = [
    ['resources: [ ]\n', (text) => `${text}  - more\n`, 'resources:\n  - more\n'],
    [
      'namespace: x\n',
      (text) => text.replace('  - sops', '  - more\n  - sops'),
      'namespace: x\nresources:\n  - more\n',
    ],
    [
      'namespace: x\n',
      (text) => text.replace('- sops-test', '- ./sops-test/ # ours'),
      'namespace: x\nresources: []\n',
    ],
    ['namespace: x\n', (text) => `# new\n${text}# end\n`, '# new\nnamespace: x\n# end\n'],
    [
      'resources: ~\nnamespace: x\n',
      (text) => `${text}images: []\n`,
      'resources: ~\nnamespace: x\nimages: []\n',
    ],
    ['resources: [a]\n', (text) => text.replace(']', ', more]'), 'resources: [a, more]\n'],
    ['resources: [a]\n', (text) => text.replace('a, sops-test', 'sops-test, a'), 'resources: [a]\n'],
    ['resources: [a]\n', (text) => text.replace('[a, sops-test]', '[ sops-test ]'), 'resources: [ ]\n'],
    [
      'resources: [\n  a # one\n  ]\n',
      (text) => text.replace('  sops-test', '  # ours\n  sops-test'),
      'resources: [\n  a # one\n  # ours\n  ]\n',
    ],
    [
      'resources: []\n',
      (text) => text.replace('  - sops-test\n', '  - sops-test\n  # end\n'),
      'resources: []\n  # end\n',
    ],
    ['resources: []\n', () => 'resources:\n  - more\n', 'resources:\n  - more\n'],
  ]
  for (const [before, edit, after] of edited) {
    const added = addResource(before, 'sops-test')
    assert.ok('text' in added)
    assert.equal(removeResource(edit(added.text), 'sops-test', added.replaced), { text: after })
  }
})

test('an entry that is not written as a plain one is not taken out', () => {
  const entries: [text: string, refusal: Refusal][] = [
    ['x: &x [sops-test]\nresources: *x\n', { refused: 'anchored-resources' }],
    ['x: &x sops-test\nresources:\n- *x\n', { refused: 'anchored-resources' }],
    ['resources:\n- &x sops-test\ncomponents:\n- *x\n', { refused: 'unusual-resources' }],
    ['resources:\n-\n  sops-test\n', { refused: 'unusual-resources' }],
  ]
  for (const [text, refusal] of entries) assert.equal(removeResource(text, 'sops-test'), refusal, text)
})

/** Numbers that look random and are the same in every run (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A kustomization file with every part of its formatting left to chance. */
function randomFile(seed: number): string {
  const next = random(seed)
  const pick = <T>(...choices: T[]): T => choices[Math.floor(next() * choices.length)]!
  const comment = () => pick('', '', ' # note', '   # a, b: [c] - d', ' #')
  const filler = () => pick('', '', '\n', '# note\n', '\n# - sops-test\n', '  # deep\n')
  const indent = ' '.repeat(pick(0, 2, 2, 4, 1))
  const entry = () => pick('a.yaml', '"b.yaml"', "'c'", './d', '../e/f', 'https://example.com/x?ref=y')
  const entries = Array.from({ length: pick(1, 1, 2, 3, 5) }, entry)
  const block = (list: string[]) =>
    list.map((item) => `${filler()}${indent}-${pick(' ', ' ', '  ')}${item}${comment()}\n`)
  const inner = pick(' ', '  ', '\t', '    ')
  const flow = pick(
    () => `[${entries.join(', ')}]`,
    () => `[ ${entries.join(' ,')}${pick(' ', ',', ', ', ' , ')}]`,
    () =>
      `[\n${entries.map((item) => `  ${item}`).join(`,${pick('', ' # x')}\n`)}${pick('', ',', ' # y', ', # y', '\n  # z')}\n  ]`,
    () => `[${entries.join(',\n    ')}${pick('', ',')}]`,
  )
  const resources = pick(
    () => `resources:${comment()}\n${block(entries).join('')}`,
    () => `resources: ${flow()}${comment()}\n`,
    () =>
      `resources:${pick(' ', '  ', ' &x ', '\n  ')}[${pick('', ' ', '   ', '\n  ', ' # n\n ')}]${comment()}\n`,
    () => `resources:${pick('', ' ', ' ~', ' null', inner)}${comment()}\n`,
    () => '',
  )()
  const others = [
    `apiVersion: kustomize.config.k8s.io/v1beta1${comment()}\n`,
    `kind: ${pick('Kustomization', '"Kustomization"')}${comment()}\n`,
    pick('', 'namespace: x\n', `commonAnnotations: {a: b}${comment()}\n`, 'commonLabels:\n  a: b\n'),
    pick('', `components:\n${block(['c1', 'c2']).join('')}`, 'patches: []\n', 'patches:\n'),
    pick('', 'x: |\n  text\n', 'x: >-\n  text\n\n', 'x:\n'),
  ]
  const place = Math.floor(next() * (others.length + 1))
  const body = others.toSpliced(place, 0, resources).map((part) => filler() + part)
  let text = pick('', '---\n', '# top\n', '\uFEFF') + body.join('') + filler()
  if (next() < 0.2) text = text.replace(/\n+$/, '')
  return next() < 0.2 ? text.replaceAll('\n', '\r\n') : text
}

test('of 1000 random files, each that is edited is the same again after the removal', () => {
  let edited = 0
  for (let seed = 1; seed <= 1000; seed++) {
    const before = randomFile(seed)
    const added = addResource(before, 'sops-test')
    if ('refused' in added) continue
    edited++
    assert.equal(removeResource(added.text, 'sops-test', added.replaced), { text: before }, `seed ${seed}`)
    const plain = removeResource(added.text, 'sops-test')
    assert.ok('text' in plain, `seed ${seed}`)
    assert.not.ok(hasResource(plain.text, 'sops-test'), `seed ${seed}`)
    // lines of the user are neither lost nor moved
    const lines = before.split('\n').filter((line) => /^\s*#/.test(line))
    for (const text of [added.text, plain.text])
      assert.equal(
        text.split('\n').filter((line) => /^\s*#/.test(line)),
        lines,
        `seed ${seed}`,
      )
  }
  assert.ok(edited > 700, `only ${edited} could be edited`)
})

test.run()
