#!/bin/sh
':' //; f=$0; [ ! -h "$f" ] || f=$(readlink -f "$f"); . "${f%/*}/../../scripts/task/start.sh"
// [MISE] description="Remove the encrypted test Secret of sops:test-create again"
// [USAGE] flag "--kustomization <kustomization>" env="FLUX_SOPS_KUSTOMIZATION" help="The Flux Kustomization: NAME, NAMESPACE/NAME, FILE or FILE:NAME (else the one that has it)"
// [USAGE] flag "--name <name>" default="sops-test" help="Name of the Secret and of its directory"
// [USAGE] flag "--commit" help="Commit the removal, and only that"
// [USAGE] flag "--json" help="One JSON document on stdout"

import('../../scripts/task/start.js').then(({ start }) =>
  start(__filename, async (usage, caller) => {
    const { testRemove } = await import('../../scripts/sops/test-remove.ts')
    return testRemove({
      kustomization: usage.text('kustomization'),
      name: usage.required('name'),
      commit: usage.flag('commit'),
      caller,
    })
  }),
)
