#!/usr/bin/env node
// [MISE] description="Run a real Flux on this machine that follows the branch you are on, without Docker"
// [MISE] tools={node="24"}
// [MISE] env={NODE_COMPILE_CACHE="{{xdg_cache_home}}/flux-sops-tasks/compile"}
// [USAGE] flag "--path <path>" default="kubernetes/flux-system" help="Directory of the cluster's Flux Kustomizations, from the root of the repository"
// [USAGE] arg "[command]" var=#true double_dash="required" help="Command to run with KUBECONFIG set; the sandbox ends with it, with its exit code"
import { runTask } from '../../scripts/task/run-task.ts'

await runTask(import.meta.filename, async (usage, caller) => {
  const { sandbox } = await import('../../scripts/flux/sandbox.ts')
  return sandbox({ path: usage.required('path'), command: usage.list('command'), caller })
})
