import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FileChange } from '../lib/file-changes.ts'
import { type Header, readHeader } from '../task/header.ts'
import { findingSections, findingsPage } from './findings.ts'
import { flagTable, taskTable, withTable } from './tables.ts'

/** A task and the page that describes it. */
export interface DocumentedTask {
  /** `flux:sops-key` */
  name: string
  header: Header
  /** `docs/tasks/flux-sops-key.md` */
  page: string
}

/** @param root of this project, absolute. @returns all tasks, sorted by their names */
export function documentedTasks(root: string): DocumentedTask[] {
  return globSync('tasks/*/*.ts', { cwd: root })
    .map((entry) => entry.slice('tasks/'.length, -'.ts'.length))
    .toSorted()
    .map((path) => ({
      name: path.replace('/', ':'),
      header: readHeader(join(root, 'tasks', `${path}.ts`)),
      page: `docs/tasks/${path.replace('/', '-')}.md`,
    }))
}

/**
 * What is made in the documents: the table of the tasks in the README, the flags of each on its page, and the sections of all codes.
 * @param root of this project, absolute
 * @returns the documents that are not what the headers of the tasks and the catalogue of findings say
 * @throws UserError where a document has no place for its table; an error where a task has no page
 */
export function outdatedDocuments(root: string): FileChange[] {
  const tasks = documentedTasks(root)
  const list = tasks.map(({ name, page, header }) => ({ name, page, description: header.description }))
  const tables: [file: string, table: string][] = [
    ['README.md', taskTable(list)],
    ...tasks.map(({ page, header }): [string, string] => [page, flagTable(header)]),
    [findingsPage, findingSections()],
  ]
  return tables
    .map(([file, table]) => {
      const before = readFileSync(join(root, file), 'utf8')
      return { path: join(root, file), before, after: withTable(before, table, file) }
    })
    .filter(({ before, after }) => before !== after)
}
