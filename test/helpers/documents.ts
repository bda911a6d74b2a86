import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The root of this project. */
export const projectRoot = join(import.meta.dirname, '..', '..')

/** A document of this project. */
export interface Document {
  /** Relative to the root of the project. */
  file: string
  text: string
}

/** Reads a file of this project. @param file relative to its root */
export function readProject(file: string): string {
  return readFileSync(join(projectRoot, file), 'utf8')
}

/** All documents, sorted by their paths. */
export function documents(): Document[] {
  const files = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: projectRoot })
  return files.toSorted().map((file) => ({ file, text: readProject(file) }))
}

/** The fenced blocks of a language, without their fences, in their order. */
export function blocksOf(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, block]) => block!,
  )
}

/** A command of a transcript, and what it printed. */
export interface Transcript {
  command: string
  output: string
}

/** What the `console` blocks of a document show. */
export function transcriptsOf(text: string): Transcript[] {
  return blocksOf(text, 'console').flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((entry) => {
        const end = entry.indexOf('\n')
        return { command: entry.slice(0, end), output: entry.slice(end + 1) }
      }),
  )
}

/** The anchors that GitHub gives to the headings of a document. */
export function anchorsOf(text: string): string[] {
  const headings = withoutBlocks(text).matchAll(/^#+ (.*)$/gm)
  return [...headings].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** A document without its fenced blocks. */
export function withoutBlocks(text: string): string {
  return text.replace(/^( *)```[\s\S]*?^\1```$/gm, '')
}
