import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseDocuments } from '../../scripts/lib/yaml/documents.ts'
import { auditIn } from '../helpers/audit.ts'
import { silentCaller } from '../helpers/caller.ts'
import { realCorpus } from '../helpers/corpus/corpus.ts'
import { withDirectory } from '../helpers/files.ts'
import { benchStaged, peakMemory } from './audit.ts'
import { decryptEverything } from './decrypt-everything.ts'
import { compare, type Pair } from './pairs.ts'

interface Repository {
  root: string
  env: NodeJS.ProcessEnv
}

const copies = 10

type Row = (title: string, pair: Pair, target: string) => void

/**
 * The tasks that read whole repositories on the eleven real ones, beside the parser on every YAML file of them, and on ten copies;
 * and `sops:audit --staged` as a hook starts it.
 */
export async function benchRepositories(runs: number, PATH: string, row: Row) {
  await realCorpus()?.withRepositories(async (repositories) => {
    await withDirectory(async (directory) => {
      const copied = repositories.map((repository, index) => copy(repository, join(directory, String(index))))
      const works: [title: string, target: string, work: typeof check][] = [
        ['flux:enable-decryption / every YAML parsed', '2 s, 0.20', check],
        ['sops:audit / every YAML parsed', '2 s, 0.20', auditEach],
      ]
      for (const [title, target, work] of works) {
        const once = () => work(repositories)
        row(title, await compare(runs, once, () => parseAll(repositories)), target)
        const tenTimes = async () => {
          for (let index = 0; index < copies; index++) await once()
        }
        row(
          `… on ${copies} copies / ${copies} times`,
          await compare(runs, () => work(copied), tenTimes),
          '1.10',
        )
      }
      const largest = copied.toSorted((a, b) => files(b.root).length - files(a.root).length)[0]!
      const used = await peakMemory(largest)
      console.log(`${'… peak memory on the largest copy'.padEnd(44)} ${`${used} MB`.padStart(9)}   400 MB`)
      const original = repositories[copied.indexOf(largest)]!
      await benchStaged(2 * runs, original, PATH, row)
    })
  })
}

async function check(repositories: readonly Repository[]): Promise<void> {
  for (const { root, env } of repositories) await decryptEverything(silentCaller(root, env), true)
}

async function auditEach(repositories: readonly Repository[]): Promise<void> {
  for (const repository of repositories) await auditIn(repository)
}

function parseAll(repositories: readonly Repository[]): void {
  for (const { root } of repositories)
    for (const file of yamlFiles(root)) parseDocuments(readFileSync(join(root, file), 'utf8'))
}

/** All copies in one repository, each below a directory of its own that its paths name. */
function copy({ root, env }: Repository, target: string): Repository {
  for (const file of files(root)) {
    const bytes = readFileSync(join(root, file))
    for (let index = 0; index < copies; index++) {
      const path = join(target, `copy-${index}`, file)
      mkdirSync(dirname(path), { recursive: true })
      const isText = /\.ya?ml$/.test(file)
      const moved = () => bytes.toString().replace(/^(\s+path: ["']?)\.\//gm, `$1./copy-${index}/`)
      writeFileSync(path, isText ? moved() : bytes)
    }
  }
  execFileSync('git', ['init', '--quiet'], { cwd: target, env })
  execFileSync('git', ['add', '--all', '--force'], { cwd: target, env })
  return { root: target, env }
}

function files(root: string): string[] {
  const found = readdirSync(root, { recursive: true, encoding: 'utf8' })
  return found.filter((file) => !file.startsWith('.git/') && statSync(join(root, file)).isFile())
}

const yamlFiles = (root: string) => files(root).filter((file) => /\.ya?ml$/.test(file))
