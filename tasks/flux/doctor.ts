#!/bin/sh
':' //; f=$0; [ ! -h "$f" ] || f=$(readlink -f "$f"); . "${f%/*}/../../scripts/task/start.sh"
// [MISE] description="Say what is wrong in the cluster, why, and what mends it"
// [USAGE] arg "[kustomization]" var=#true help="Kustomizations that are of interest: NAME in flux-system or NAMESPACE/NAME (else all)"
// [USAGE] flag "--context <context>" env="FLUX_SOPS_CONTEXT" help="Context of the kubeconfig (else the current one)"
// [USAGE] flag "-n --namespace <namespace>" help="Look into this namespace alone"
// [USAGE] flag "--wait <duration>" help="Wait until Flux has come to its end with what it is at, this long at most: 5m"
// [USAGE] flag "--names" help="Name the Kustomizations that each cause stops"
// [USAGE] flag "--json" help="One JSON document on stdout"

import('../../scripts/task/start.js').then(({ start }) =>
  start(__filename, async (usage, caller) => {
    const { doctor } = await import('../../scripts/flux/doctor.ts')
    return doctor({
      kustomizations: usage.list('kustomization'),
      context: usage.text('context'),
      namespace: usage.text('namespace'),
      wait: usage.text('wait'),
      names: usage.flag('names'),
      caller,
    })
  }),
)
