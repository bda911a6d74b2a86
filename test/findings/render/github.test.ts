import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asGithub } from '../../../scripts/findings/render/github.ts'
import { conflictIn } from '../../helpers/audit.ts'

/** As the runner reads a line (actions/runner, ActionCommand.TryParseV2). */
function parse(line: string) {
  const [, name, properties = '', data = ''] = /^::(\w+) (.*?)::(.*)$/.exec(line) ?? []
  const unescaped = (text: string) =>
    text
      .replaceAll('%0D', '\r')
      .replaceAll('%0A', '\n')
      .replaceAll('%3A', ':')
      .replaceAll('%2C', ',')
      .replaceAll('%25', '%')
  const pairs = properties.split(',').map((pair) => {
    const [key, value = ''] = pair.split('=', 2)
    return [key, unescaped(value)]
  })
  return { name, properties: Object.fromEntries(pairs), data: unescaped(data) }
}

test('a finding is a command with its place', () => {
  const [line] = asGithub([conflictIn('a.yaml', { line: 3, column: 2 })])
  assert.match(
    line!,
    /^::error file=a\.yaml,line=3,col=2,title=merge-conflict::holds the marks .*%0AWhat to do: /,
  )
})

test('a control character is escaped as in the text, wherever it stands', () => {
  const file = 'a\u001b[2J\u0007\n.yaml'
  const { code, facts } = conflictIn(file)
  const lines = asGithub([conflictIn(file), { code, facts, object: `key ${file}` }])
  for (const line of lines) assert.not.match(line, /\p{Cc}/u)
  assert.is(parse(lines[0]!).properties.file, 'a\\u001b[2J\\u0007\\u000a.yaml')
  assert.match(lines[1]!, '::key a\\u001b[2J\\u0007\\u000a.yaml: ')
})

test('what the runner would take for its own is escaped, in properties and in the text', () => {
  const file = 'a,b:c%0A%0D::error::d.yaml'
  const lines = asGithub([conflictIn(file, { line: 3 })])
  assert.is(lines.length, 1)
  assert.not.match(lines[0]!, /[\r\n]/)
  const { name, properties, data } = parse(lines[0]!)
  assert.is(name, 'error')
  assert.equal(properties, { file, line: '3', title: 'merge-conflict' })
  assert.match(data, `git checkout --ours ${file}`)
})

test('without a place there is only the title', () => {
  const { code, facts } = conflictIn('a.yaml')
  assert.match(
    asGithub([{ code, facts, object: 'secret default/a' }])[0]!,
    /^::error title=merge-conflict::secret default\/a: /,
  )
})

test.run()
