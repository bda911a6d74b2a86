import { createRequire } from 'node:module'
import { Ajv } from 'ajv'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { codes } from '../../../scripts/findings/codes.ts'
import { markFindings } from '../../../scripts/findings/fingerprint.ts'
import { asSarif } from '../../../scripts/findings/render/sarif.ts'
import { conflictIn } from '../../helpers/audit.ts'

/** The schema of SARIF 2.1.0 by OASIS, unchanged, as https://json.schemastore.org/sarif-2.1.0.json has it. */
const { $schema, id, ...official } = createRequire(import.meta.url)('./sarif-2.1.0-rtm.5.json')

/** Nothing in the schema means another thing in the draft that Ajv knows than in its own, the fourth. */
const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false })
ajv.addFormat('uri', (text: string) => URL.canParse(text))
ajv.addFormat('uri-reference', /^(?:[\w.~/?#@!$&'()*+,;=:-]|%[\dA-F]{2})*$/)
ajv.addFormat('date-time', true)
const isSarif = ajv.compile(official)

interface Log {
  runs: {
    tool: { driver: { rules: { id: string; help: { text: string } }[] } }
    columnKind: string
    originalUriBaseIds: Record<string, { uri?: string }>
    results: {
      ruleIndex: number
      level: string
      locations: {
        physicalLocation?: { artifactLocation: { uri: string; uriBaseId: string }; region?: object }
      }[]
      partialFingerprints: Record<string, string>
    }[]
  }[]
}

function logOf(...findings: Parameters<typeof markFindings>[0]) {
  const marked = markFindings(findings)
  const log = asSarif(marked)
  assert.ok(isSarif(log), ajv.errorsText(isSarif.errors))
  return { run: (log as unknown as Log).runs[0]!, marked }
}

test('the schema refuses what is no SARIF, and a path that is not escaped', () => {
  const log = (uri: string) => ({
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'x' } }, artifacts: [{ location: { uri } }] }],
  })
  assert.ok(isSarif(log('a%20b.yaml')))
  assert.not.ok(isSarif(log('a b.yaml')))
  assert.not.ok(isSarif({ version: '2.1.0' }))
  assert.not.ok(isSarif({ version: '2.1.0', runs: [{}] }))
})

test('a log is valid with nothing, with every code, and with places of all kinds', () => {
  logOf()
  const { facts } = conflictIn('a.yaml')
  const { run } = logOf(...codes.map((code) => ({ code, file: 'a.yaml', facts })))
  assert.equal(
    run.tool.driver.rules.map(({ id }) => id),
    codes,
  )
  for (const { help } of run.tool.driver.rules) assert.match(help.text, 'What to do: ')
  logOf(conflictIn('a.yaml', { line: 3 }), conflictIn('a.yaml', { line: 3, column: 2, object: 'secret a/b' }))
})

test('a result has its rule, its place, its fingerprint, and no path of this machine', () => {
  const file = 'apps/a b#c?d%é:e.yaml'
  const { run, marked } = logOf(conflictIn('0.yaml'), conflictIn(file, { line: 3, column: 2 }))
  assert.is(run.columnKind, 'utf16CodeUnits')
  assert.equal(Object.keys(run.originalUriBaseIds), ['%SRCROOT%'])
  assert.not.ok(JSON.stringify(run).includes('file:'))
  const [whole, placed] = run.results
  assert.is(whole!.locations[0]!.physicalLocation?.region, undefined)
  const { level, ruleIndex, locations, partialFingerprints } = placed!
  assert.is(level, 'error')
  assert.is(run.tool.driver.rules[ruleIndex]!.id, 'merge-conflict')
  assert.equal(locations[0]!.physicalLocation, {
    artifactLocation: { uri: 'apps/a%20b%23c%3Fd%25%C3%A9%3Ae.yaml', uriBaseId: '%SRCROOT%' },
    region: { startLine: 3, startColumn: 2 },
  })
  assert.is(decodeURIComponent(locations[0]!.physicalLocation!.artifactLocation.uri), file)
  assert.equal(Object.values(partialFingerprints), [marked[1]!.fingerprint])
})

test('a finding of an object alone has a logical place only', () => {
  const { code, facts } = conflictIn('a.yaml')
  const { run } = logOf({ code, facts, object: 'kustomization flux-system/apps' })
  assert.equal(run.results[0]!.locations, [
    { logicalLocations: [{ fullyQualifiedName: 'kustomization flux-system/apps' }] },
  ])
})

test.run()
