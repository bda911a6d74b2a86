import { readJson } from './json-tree.ts'
import { readDotenv, readIni } from './line-trees.ts'
import type { SopsFormat } from './reading.ts'
import type { TreeBranch } from './tree.ts'
import { Unsure } from './unsure.ts'
import { readYaml } from './yaml-tree.ts'

const endings: readonly [ending: string, format: SopsFormat][] = [
  ['.yaml', 'yaml'],
  ['.yml', 'yaml'],
  ['.json', 'json'],
  ['.env', 'dotenv'],
  ['.ini', 'ini'],
]

/** The format that sops takes a file for, by its name alone (sops v3.13.3 cmd/sops/formats/formats.go FormatForPath). */
export function sopsFormatOf(name: string): SopsFormat {
  return endings.find(([ending]) => name.endsWith(ending))?.[1] ?? 'binary'
}

/**
 * The text of a file.
 * @throws Unsure where it is not UTF-8, or has characters that only some parsers take, or take for line ends
 */
export function textOfFile(bytes: Buffer): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Unsure('text')
  }
  const odd = text.search(/[^\t\n\r -~\xA0-\u2027\u202A-\uFEFE\uFF00-\uFFFD]|\r(?!\n)/)
  if (odd >= 0) throw new Unsure('text', odd)
  return text
}

/** The documents of a file: of all formats but YAML there is one. @throws Unsure */
export function readTree(text: string, format: SopsFormat): TreeBranch[] {
  switch (format) {
    case 'yaml':
      return readYaml(text)
    case 'dotenv':
      return [readDotenv(text)]
    case 'ini':
      return [readIni(text)]
    default:
      return [readJson(text)]
  }
}
