import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** Runs `use` with a fresh directory, which is removed afterwards. */
export async function withDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'flux-sops-test-'))
  try {
    return await use(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Writes texts by their path below `directory`. */
export function writeFiles(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
}

/** The files below `directory` by path, those of `.git` left out. */
export function readFiles(directory: string): Record<string, string> {
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  const files = paths.filter((path) => !path.startsWith('.git/') && statSync(join(directory, path)).isFile())
  return Object.fromEntries(files.sort().map((path) => [path, readFileSync(join(directory, path), 'utf8')]))
}

/** The files of `examples/cluster` by path. */
export function exampleCluster(): Record<string, string> {
  return readFiles(join(import.meta.dirname, '..', '..', 'examples', 'cluster'))
}
