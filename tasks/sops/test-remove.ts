#!/usr/bin/env node
// [MISE] description="Remove the encrypted test Secret of sops:test-create again"
// [MISE] tools={node="24"}
// [MISE] env={NODE_COMPILE_CACHE="{{xdg_cache_home}}/flux-sops-tasks/compile"}
// [USAGE] flag "--kustomization <kustomization>" help="The Flux Kustomization: NAME, NAMESPACE/NAME, FILE or FILE:NAME (else the one that has it)"
// [USAGE] flag "--name <name>" default="sops-test" help="Name of the Secret and of its directory"
// [USAGE] flag "--commit" help="Commit the removal, and only that"
// [USAGE] flag "--json" help="One JSON document on stdout"
import { runTask } from '../../scripts/task/run-task.ts'

await runTask(import.meta.filename, async (usage, caller) => {
  const { testRemove } = await import('../../scripts/sops/test-remove.ts')
  return testRemove({
    kustomization: usage.text('kustomization'),
    name: usage.required('name'),
    commit: usage.flag('commit'),
    caller,
  })
})
