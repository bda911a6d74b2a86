// [MISE] description="Writes what is made in the documents from the headers of the tasks and the catalogue of findings"
import { join, relative } from 'node:path'
import { exit } from '../lib/errors.ts'
import { replaceFiles } from '../lib/file-changes.ts'
import { runTask } from '../task/run-task.ts'
import { outdatedDocuments } from './documents.ts'

await runTask(import.meta.filename, async () => {
  const root = join(import.meta.dirname, '..', '..')
  const nameOf = (path: string) => relative(root, path)
  const changes = outdatedDocuments(root)
  replaceFiles(changes, nameOf)
  return {
    exitCode: exit.done,
    lines: changes.map(({ path }) => `updated ${nameOf(path)}`),
    json: {},
  }
})
