import { type Code, catalogue } from '../catalogue.ts'
import type { Entry } from '../entry.ts'
import { explainCode, generalized } from '../explain.ts'
import { worded } from '../finding.ts'
import type { MarkedFinding } from '../fingerprint.ts'

/** What the root of the repository is called: GitHub takes a path that is relative to it. */
const root = '%SRCROOT%'

/**
 * Findings as a log of SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html), for code scanning. It names
 * no path of this machine.
 */
export function asSarif(findings: readonly MarkedFinding[]): Record<string, unknown> {
  const found = [...new Set(findings.map(({ code }) => code))]
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'flux-sops-tasks', rules: found.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { [root]: { description: { text: 'The root of the repository' } } },
        results: findings.map((one) => resultOf(one, found.indexOf(one.code))),
      },
    ],
  }
}

function ruleOf(code: Code): Record<string, unknown> {
  const { severity, seen, means }: Entry = catalogue[code]
  const help = explainCode(code).join('\n\n')
  return {
    id: code,
    shortDescription: { text: generalized(seen) },
    fullDescription: { text: means },
    help: { text: help, markdown: help },
    defaultConfiguration: { level: severity },
  }
}

function resultOf(found: MarkedFinding, ruleIndex: number): Record<string, unknown> {
  const { code, file, object, fingerprint } = found
  const { severity, message, fix } = worded(found)
  return {
    ruleId: code,
    ruleIndex,
    level: severity,
    message: { text: `${message}. What to do: ${fix}.` },
    locations: [
      {
        ...(file !== undefined && { physicalLocation: physicalLocation(file, found) }),
        ...(object !== undefined && { logicalLocations: [{ fullyQualifiedName: object }] }),
      },
    ],
    partialFingerprints: { 'flux-sops-tasks/v1': fingerprint },
  }
}

function physicalLocation(file: string, { line, column }: MarkedFinding): Record<string, unknown> {
  const uri = file.split('/').map(encodeURIComponent).join('/')
  return {
    artifactLocation: { uri, uriBaseId: root },
    ...(line !== undefined && { region: { startLine: line, ...(column && { startColumn: column }) } }),
  }
}
