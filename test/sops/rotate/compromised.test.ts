import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readProject } from '../../helpers/documents.ts'
import { withRotatePlace } from '../../helpers/rotate/task-place.ts'

const page = readProject('docs/rotation.md')

/** The arguments of a command that the page has, whose words in capitals are these. */
function argumentsIn(command: string, words: Readonly<Record<string, string>> = {}): string[] {
  assert.ok(page.includes(`\`mise run sops:rotate ${command}\``), command)
  return command.split(' ').map((word) => words[word] ?? word)
}

const rowOf = (file: string, key = 'stringData.token') => `| \`${file}\` | \`${key}\` | `

test('the key is known to others: each run lists what it could open, and goes on as docs/rotation.md says', () =>
  withRotatePlace(async ({ git, ended, write, old }) => {
    write('ci.yaml', `recipient: ${old.recipient}\n`)
    git('add', 'ci.yaml')
    git('commit', '--quiet', '--message', 'ci')
    git('push', '--quiet')
    const run = argumentsIn('--compromised --commit')
    for (const stage of ['share', 'cut-over', 'done']) {
      const { stdout, stderr } = await ended(0, run)
      assert.match(stdout, stage === 'done' ? 'no rotation is open: the last one' : `✓ ${stage} `)
      assert.match(stdout, `# What ${old.recipient} could decrypt\n`)
      for (const name of ['a', 'b.shared']) assert.match(stdout, rowOf(`apps/${name}.sops.yaml`))
      if (stage === 'share') {
        assert.match(stderr, 'mise run sops:rotate --no-cluster --compromised --commit\n')
        const { elsewhere } = JSON.parse((await ended(0, ['--json'])).stdout)
        assert.equal(elsewhere, [{ file: 'ci.yaml', line: 1, what: 'recipient' }])
      }
      git('push', '--quiet')
    }
    assert.match((await ended(0, argumentsIn('--compromised'))).stdout, rowOf('apps/c.sops.json', 'token'))
  }))

test('a colleague leaves: --remove names the command that lists what they could open, and it lists no more', () =>
  withRotatePlace(async ({ git, ended, friend }) => {
    const remove = argumentsIn('--remove --old RECIPIENT', { RECIPIENT: friend.recipient })
    const { stderr } = await ended(0, [...remove, '--commit'])
    const command = /^ {2}mise run sops:rotate (.*)$/m.exec(stderr)?.[1]?.split(' ') ?? []
    assert.equal(command, ['--old', friend.recipient, '--no-cluster', '--compromised', '--remove'])
    const head = git('rev-parse', 'HEAD')
    const listed = await ended(
      0,
      command.filter((word) => word !== '--no-cluster'),
    )
    assert.match(listed.stdout, `# What ${friend.recipient} could decrypt\n`)
    assert.match(listed.stdout, rowOf('apps/b.shared.sops.yaml'))
    for (const file of ['apps/a.sops.yaml', 'apps/c.sops.json', 'apps/d.sops.env'])
      assert.not.match(listed.stdout, file)
    assert.is(git('rev-parse', 'HEAD'), head)
    assert.is(git('status', '--porcelain'), '')
    const { result, exposed } = JSON.parse((await ended(0, [...remove, '--compromised', '--json'])).stdout)
    assert.is(result, 'unchanged')
    assert.equal(
      exposed.map(({ file, key, isSame }: Record<string, unknown>) => [file, key, isSame]),
      [['apps/b.shared.sops.yaml', 'stringData.token', false]],
    )
  }))

test.run()
