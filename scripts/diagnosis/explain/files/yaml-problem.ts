import { parseDocuments } from '../../../lib/yaml/documents.ts'

/**
 * Why a text cannot be read as YAML.
 * @param says the words of the controller, whose line counts: parsers differ in where they give up
 * @returns the line, and why as the end of a sentence; `undefined` where neither knows of a problem
 */
export function problemIn(text: string, says: string): { line: number; why: string } | undefined {
  const problem = parseDocuments(text).find((one) => one.problem !== undefined)?.problem
  const [, why, own] = /^(.*) in line (\d+)$/.exec(problem ?? '') ?? []
  const [, said] = /(?:yaml: |unmarshal errors: )line (\d+)/.exec(says) ?? []
  const line = said ?? own
  return line === undefined ? undefined : { line: Number(line), why: why === undefined ? '' : `: ${why}` }
}
