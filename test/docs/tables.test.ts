import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { flagTable, taskTable, withTable } from '../../scripts/docs/tables.ts'
import { thrown } from '../helpers/thrown.ts'

const flag = { short: undefined, value: undefined, many: false, variable: undefined, fallback: undefined }

test('flagTable: a row for each flag and the argument, with what is to be typed', () => {
  const header = {
    description: 'Do it',
    flags: [
      { ...flag, name: 'name', short: 'n', value: 'name', fallback: 'x', help: 'How it is called' },
      { ...flag, name: 'remote', value: 'remote', variable: 'REMOTE', help: 'Where to' },
      { ...flag, name: 'dry-run', help: 'This | that' },
    ],
    exclusive: [],
    argument: { name: 'path', help: 'Where', afterDashes: false },
  }
  assert.is(
    flagTable(header),
    `| flag | what it does | default |
|---|---|---|
| \`-n\`, \`--name NAME\` | How it is called | \`x\` |
| \`--remote REMOTE\` | Where to | \`$REMOTE\` |
| \`--dry-run\` | This \\| that |  |
| \`PATH…\` | Where |  |`,
  )
  const command = { name: 'command', help: 'What to run', afterDashes: true }
  assert.match(
    flagTable({ description: '', flags: [], exclusive: [], argument: command }),
    '| `-- COMMAND…` | What to run |',
  )
})

test('taskTable: a row for each task, with a link', () => {
  const task = { name: 'flux:x', page: 'docs/x.md', description: 'Do it' }
  assert.match(taskTable([task]), '| [flux:x](docs/x.md) | Do it |')
})

test('withTable: only what is between the comments is new, and a second time changes nothing', () => {
  const page = (inside: string) =>
    `# Page\n\n<!-- made by \`npm run docs\` from x -->\n${inside}<!-- end -->\n\nThe end, for $1.\n`
  const once = withTable(page('| old |\n'), '| new $& |', 'page.md')
  assert.is(once, page('\n| new $& |\n\n'))
  assert.is(withTable(once, '| new $& |', 'page.md'), once)
})

test('withTable: a document without the comments is named', async () => {
  const { message } = await thrown((async () => withTable('# Page\n', '| new |', 'page.md'))())
  assert.match(message, 'page.md')
})

test.run()
