// @ts-check
/** The oldest Node that has all that the tasks use; package.json says the same. */
const oldest = 24

/**
 * Runs a task (`runTask`), or says that this Node is too old. That one has to be able to read it: it is plain JavaScript, as
 * are the entries, and tasks/package.json names no type, so that a Node without types takes an entry for a script
 * (nodejs/node 20, lib/internal/modules/run_main.js `shouldUseESMLoader`).
 * @type {typeof import('./run-task.ts').runTask}
 */
export async function start(entry, task) {
  const { node } = process.versions
  if (Number(node.split('.')[0]) >= oldest) {
    const { runTask } = await import('./run-task.ts')
    return runTask(entry, task)
  }
  const hint = `\`mise use node@${oldest}\`, or where the repository needs another one \`MISE_NODE_VERSION=${oldest} mise run …\``
  process.stderr.write(
    `error: Node ${node} is too old: flux-sops-tasks needs ${oldest} or newer\nhint: ${hint}\n`,
  )
  process.exitCode = 2
}
