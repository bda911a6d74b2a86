import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readSourceIgnore } from '../../../../scripts/lib/repository/sources/source-ignore.ts'
import { exampleCluster } from '../../../helpers/files.ts'
import { type Flux, withFlux } from '../../../helpers/flux/sandbox.ts'

/** What lies below each directory with rules of its own. */
const files = [
  ...['a.yaml', 'b.yaml', 'secret.enc.yaml', 'x.png', 'x.tar.gz', 'blank ', '#hash', '!bang', 'a[1].yaml'],
  ...[
    'dir/a.yaml',
    'dir/deep/a.yaml',
    'dir/deep/er/a.yaml',
    'dir/b.yaml',
    'dir.yaml/a.yaml',
    'other/dir/a.yaml',
  ],
  ...['.github/a.yaml', 'dir/.sops.yaml', 'cloudbuild.yaml', 'dir/.gitattributes', 'aé.yaml', 'a\\b.yaml'],
]

/** Each is the text of a `.sourceignore` in a directory of its own. */
const rules = [
  ...[
    '*.yaml',
    '/a.yaml',
    'dir',
    'dir/',
    '/dir',
    '/dir/',
    'dir/*',
    'dir/**',
    '**/a.yaml',
    'dir/**/a.yaml',
    '**/dir',
  ],
  ...[
    '**/dir/',
    '**',
    '*',
    '*/',
    '/*',
    '/**',
    '**/',
    'di*/a.yaml',
    'd?r',
    '[a-c].yaml',
    '[^a].yaml',
    '[!a].yaml',
    '[b-a].yaml',
  ],
  ...[
    '[a.yaml',
    'a\\[1\\].yaml',
    'a[[]1].yaml',
    'a[-b].yaml',
    '\\#hash',
    '\\!bang',
    'blank\\ ',
    'blank ',
    '  dir',
    '# dir',
    ' # dir',
    '!dir',
    'deep',
    'dir/deep',
  ],
  ...[
    'dir/deep/',
    'dir//a.yaml',
    'dir/**deep/a.yaml',
    'other/**/a.yaml',
    '**/deep/**/a.yaml',
    '**/deep/er',
    '/**/a.yaml',
    'a?.yaml',
    'a\\\\b.yaml',
    '.',
    './a.yaml',
    '../a.yaml',
  ],
  ...[
    '*\n!a.yaml',
    '/*\n!/dir',
    '/*\n!/dir/deep',
    'dir/\n!dir/a.yaml',
    '!a.yaml\n*.yaml',
    '*.yaml\r\n!b.yaml\r\n',
    '*.yaml\n!*.enc.yaml',
    '*\n!*/\n!*.yaml',
    '*.enc.yaml\t',
    '{a,b}.yaml',
  ],
]

/** The files and directories of the artifact that source-controller made last. */
async function artifactOf({ sandbox }: Flux): Promise<string[]> {
  const get = [
    'get',
    'gitrepository/flux-system',
    '-n',
    'flux-system',
    '-o',
    'jsonpath={.status.artifact.url}',
  ]
  const archive = await (await fetch(await sandbox.kubectl(get))).arrayBuffer()
  const listed = execFileSync('tar', ['-tz', '--quoting-style=literal'], {
    input: Buffer.from(archive),
    encoding: 'utf8',
  })
  return listed.split('\n')
}

/** Changes the spec of the source, and waits until it has fetched what there is. */
async function changed({ sandbox }: Flux, spec: object): Promise<void> {
  const object = ['gitrepository/flux-system', '-n', 'flux-system']
  const now = `${performance.now()}`
  await sandbox.kubectl(['patch', ...object, '--type=merge', '-p', JSON.stringify({ spec })])
  await sandbox.kubectl(['annotate', ...object, '--overwrite', `reconcile.fluxcd.io/requestedAt=${now}`])
  const handled = `--for=jsonpath={.status.lastHandledReconcileAt}=${now}`
  await sandbox.kubectl(['wait', ...object, handled, '--timeout=60s'])
}

function compare(
  what: string,
  all: readonly string[],
  archived: readonly string[],
  leftOut: ReturnType<typeof readSourceIgnore>,
): void {
  const ours = all.filter((file) => !leftOut(file))
  assert.equal(
    ours,
    all.filter((file) => archived.includes(file)),
    what,
  )
}

test('leaves out what source-controller leaves out, whatever the rules say', () =>
  withFlux(exampleCluster(), async (flux) => {
    const { push } = flux
    const example = Object.keys(exampleCluster())
    const bare = Object.fromEntries(files.map((file) => [file, `${file}\n`]))
    await push(bare)
    await changed(flux, {})
    const plain = [...example, ...files]
    compare('no rules', plain, await artifactOf(flux), readSourceIgnore(new Map(), undefined))
    for (const ignore of rules.slice(0, 12)) {
      await changed(flux, { ignore })
      compare(`spec.ignore ${ignore}`, plain, await artifactOf(flux), readSourceIgnore(new Map(), ignore))
    }
    const ruled = Object.fromEntries(
      rules.flatMap((text, index) => [
        [`rules/${index}/.sourceignore`, text] as const,
        ...files.map((file) => [`rules/${index}/${file}`, `${file}\n`] as const),
      ]),
    )
    await push(ruled)
    await changed(flux, { ignore: null })
    const texts = new Map(rules.map((text, index) => [`rules/${index}/.sourceignore`, text]))
    const leftOut = readSourceIgnore(texts, undefined)
    const archived = await artifactOf(flux)
    for (const [index, text] of rules.entries()) {
      const all = files.map((file) => `rules/${index}/${file}`)
      compare(JSON.stringify(text), all, archived, leftOut)
    }
  }))

test('tells which rule it is', () => {
  const leftOut = readSourceIgnore(new Map([['a/.sourceignore', '*.enc.yaml\n']]), '/b')
  assert.equal(leftOut('a/deep/x.enc.yaml'), { pattern: '*.enc.yaml', by: 'a/.sourceignore' })
  assert.equal(leftOut('b/x.yaml'), { pattern: '/b', by: 'spec.ignore' })
  assert.equal(leftOut('.gitignore'), { pattern: '.gitignore', by: undefined })
  assert.is(leftOut('c/x.enc.yaml'), undefined)
})

test.run()
