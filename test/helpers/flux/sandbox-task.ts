import * as assert from 'uvu/assert'
import { run } from '../../../scripts/lib/run.ts'
import { until } from '../processes.ts'
import type { TestRepository } from '../repository.ts'
import { startTask } from '../task.ts'

/** A `flux:sandbox --json` that runs. */
export interface RunningSandbox {
  /** Its document. */
  document: Document
  /** Runs kubectl on it. @returns stdout */
  kubectl(...args: string[]): Promise<string>
  /** What it has said on stderr so far. */
  said(): string
}

/** What of the document the tests read. */
interface Document {
  task: string
  kubeconfig: string
  gitUrl: string
  branch: string
  commit: string
  path: string
  kinds: { group: string; kind: string; versions: string[]; scope: string }[]
  kustomizations: { namespace: string; name: string; state: string; why?: string; waitsFor?: string[] }[]
}

/** What became of a Kustomization of flux-system: its state, and why it is not ready. */
export function stateOf({ document }: RunningSandbox, name: string): string {
  const found = document.kustomizations.find((one) => one.name === name)
  return [found?.state, found?.why ?? found?.waitsFor?.join()].filter(Boolean).join(': ')
}

/** Runs `use` while `flux:sandbox --json` serves a repository, and ends it with Ctrl-C. */
export async function withSandboxTask(
  { root, env }: Pick<TestRepository, 'root' | 'env'>,
  args: readonly string[],
  use: (sandbox: RunningSandbox) => Promise<void>,
): Promise<void> {
  const own = { ...env, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME }
  const started = startTask('flux:sandbox', ['--json', ...args], { cwd: root, env: own })
  let [out, said] = ['', '']
  started.child.stdout!.on('data', (chunk) => {
    out += chunk
  })
  started.child.stderr!.on('data', (chunk) => {
    said += chunk
  })
  try {
    await until('it has printed its document', () => out.endsWith('\n}\n'), started)
    const document: Document = JSON.parse(out)
    const kubectl = (...command: string[]) =>
      run(['kubectl', `--kubeconfig=${document.kubeconfig}`, ...command], { env })
    await use({ document, kubectl, said: () => said })
  } finally {
    started.child.kill('SIGINT')
  }
  assert.is((await started.ended).code, 0, said)
}
