import type { Flag, Header } from './header.ts'

/** What `--help` prints. @param entry the file of the task */
export function helpText(entry: string, { description, flags, argument }: Header): string {
  const lines = flags.map((flag) => [nameOf(flag), helpOf(flag)] as const)
  if (argument) lines.unshift([`    [${argument.name}]…`, argument.help])
  const width = Math.max(...lines.map(([left]) => left.length))
  return [
    description,
    '',
    `Usage: ${entry} [FLAGS]${argument ? ` [${argument.name}]…` : ''}`,
    '',
    ...lines.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
  ].join('\n')
}

function nameOf({ short, name, value }: Flag): string {
  return `${short ? `-${short}, ` : '    '}--${name}${value === undefined ? '' : ` <${value}>`}`
}

function helpOf({ help, variable, fallback }: Flag): string {
  return `${help}${variable ? ` [env: ${variable}]` : ''}${fallback ? ` (default: ${fallback})` : ''}`
}
