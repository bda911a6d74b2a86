#!/bin/sh
':' //; f=$0; [ ! -h "$f" ] || f=$(readlink -f "$f"); . "${f%/*}/../../scripts/task/start.sh"
// [MISE] description="Create or rotate the Secret with the age key that Flux decrypts with"
// [USAGE] flag "--key-file <file>" help="File with the age private key, or - for stdin (else SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, SOPS_AGE_KEY_CMD, .age-key.txt, age.key, sops's own default file)"
// [USAGE] flag "-n --namespace <namespace>" var=#true env="FLUX_SOPS_NAMESPACE" help="Namespace of the Secret; may be given several times (else those of the Kustomizations that name it, or flux-system)"
// [USAGE] flag "--name <name>" env="FLUX_SOPS_SECRET" help="Name of the Secret (else sops-age)"
// [USAGE] flag "--context <context>" env="FLUX_SOPS_CONTEXT" help="Context of the kubeconfig (else the current one)"
// [USAGE] flag "--only" help="Take the other age identities out of the Secret: it then holds this key alone"
// [USAGE] flag "--dry-run" help="Ask the cluster whether it would accept the change, but write nothing"
// [USAGE] flag "--force" help="Write it whatever the checks say: files may then not be decrypted"
// [USAGE] flag "--json" help="One JSON document on stdout"

import('../../scripts/task/start.js').then(({ start }) =>
  start(__filename, async (usage, caller) => {
    const { sopsKey } = await import('../../scripts/flux/sops-key.ts')
    return sopsKey({
      keyFile: usage.path('key-file'),
      namespaces: usage.list('namespace'),
      name: usage.text('name') ?? 'sops-age',
      context: usage.text('context'),
      only: usage.flag('only'),
      dryRun: usage.flag('dry-run'),
      force: usage.flag('force'),
      caller,
    })
  }),
)
