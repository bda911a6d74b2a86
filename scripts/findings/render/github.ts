import { type Finding, worded } from '../finding.ts'
import { visible } from './visible.ts'

/** How GitHub calls a severity. */
const commands = { error: 'error', warning: 'warning', note: 'notice' } as const

/**
 * Findings as commands of a GitHub workflow, a line each, which GitHub shows beside the lines of a pull request
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands).
 */
export function asGithub(findings: readonly Finding[]): string[] {
  return findings.map((found) => {
    const { file, line, column, object, code } = found
    const { severity, message, fix } = worded(found)
    const properties = Object.entries({ file, line, col: column, title: code })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${escapeProperty(visible(`${value}`))}`)
    const what = `${object === undefined ? '' : `${object}: `}${message}`
    const text = [what, `What to do: ${fix}`].map(visible).join('\n')
    return `::${commands[severity]} ${properties.join(',')}::${escapeData(text)}`
  })
}

/** As the runner takes it back (actions/toolkit, packages/core/src/command.ts). */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
