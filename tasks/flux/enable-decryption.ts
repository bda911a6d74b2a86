#!/usr/bin/env node
// [MISE] description="Add SOPS decryption to the Flux Kustomizations of the repository"
// [MISE] tools={node="24"}
// [MISE] env={NODE_COMPILE_CACHE="{{xdg_cache_home}}/flux-sops-tasks/compile"}
// [USAGE] arg "[path]" var=#true help="Files and directories to look in (else the whole repository)"
// [USAGE] flag "--name <name>" default="sops-age" help="Name of the Secret with the age key"
// [USAGE] flag "--provider-only" help="Name no Secret: the controller has the key (--sops-age-secret)"
// [USAGE] flag "--needed" help="Only where encrypted files are built"
// [USAGE] flag "--all" help="Also those that nothing applies"
// [USAGE] flag "--root" help="Also the root of flux bootstrap, before its first encrypted file"
// [USAGE] flag "--check" help="Write nothing; exit 1 if one lacks decryption"
// [USAGE] flag "--dry-run" help="Write nothing; print the change as a unified diff"
// [USAGE] flag "--commit" help="Commit the changed files, and only these"
// [USAGE] flag "--json" help="One JSON document on stdout"
import { runTask } from '../../scripts/task/run-task.ts'

await runTask(import.meta.filename, async (usage, caller) => {
  const { enableDecryption } = await import('../../scripts/flux/enable-decryption.ts')
  return enableDecryption({
    paths: usage.list('path'),
    name: usage.required('name'),
    providerOnly: usage.flag('provider-only'),
    needed: usage.flag('needed'),
    all: usage.flag('all'),
    root: usage.flag('root'),
    check: usage.flag('check'),
    dryRun: usage.flag('dry-run'),
    commit: usage.flag('commit'),
    caller,
  })
})
