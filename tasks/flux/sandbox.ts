#!/bin/sh
':' //; f=$0; [ ! -h "$f" ] || f=$(readlink -f "$f"); . "${f%/*}/../../scripts/task/start.sh"
// [MISE] description="Run a real Flux on this machine that follows the branch you are on, without Docker"
// [USAGE] flag "--path <path>" help="Directory of the cluster's Flux Kustomizations, from the root of the repository (else that of gotk-sync.yaml or a FluxInstance)"
// [USAGE] flag "--cache-directory" help="Only print the directory that the programs are built into, for the cache of a CI"
// [USAGE] flag "--json" help="Print one JSON document when Flux has applied the repository"
// [USAGE] arg "[command]" var=#true double_dash="required" help="Command to run with KUBECONFIG set; the sandbox ends with it, with its exit code"
// [ONE OF] --path --cache-directory

import('../../scripts/task/start.js').then(({ start }) =>
  start(__filename, async (usage, caller) => {
    const { sandbox } = await import('../../scripts/flux/sandbox.ts')
    return sandbox({
      path: usage.text('path'),
      command: usage.list('command'),
      cacheDirectory: usage.flag('cache-directory'),
      caller,
    })
  }),
)
