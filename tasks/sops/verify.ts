#!/bin/sh
':' //; f=$0; [ ! -h "$f" ] || f=$(readlink -f "$f"); . "${f%/*}/../../scripts/task/start.sh"
// [MISE] description="Prove on the real cluster that Flux decrypts what this repository encrypts"
// [USAGE] flag "--kustomization <kustomization>" env="FLUX_SOPS_KUSTOMIZATION" help="Flux Kustomization whose path gets the test Secret: NAME in flux-system, NAMESPACE/NAME, FILE or FILE:NAME (else infrastructure, or the only one that can carry it)"
// [USAGE] flag "-n --namespace <namespace>" help="Namespace of the test Secret (else default); with --existing the only one to look into (else all)"
// [USAGE] flag "--existing" help="Push nothing: compare the encrypted Secrets and ConfigMaps that Flux has applied with those in the cluster"
// [USAGE] flag "--key-file <file>" help="With --existing: file with the age private key, or - for stdin (else SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, SOPS_AGE_KEY_CMD, .age-key.txt, age.key, sops's own default file)"
// [USAGE] flag "--evidence <file>" help="Write what was proved to this file, as JSON without any value"
// [USAGE] flag "--file-name <file>" help="Name of the file of the test Secret (else one that a creation rule selects): secret.sops.yaml, secrets/test.yaml"
// [USAGE] flag "--recipient <recipient>" var=#true help="Encrypt the test Secret to this public key alone, whatever keys the creation rule names; may be given several times"
// [USAGE] flag "--timeout <duration>" default="5m" help="How long the cluster may take for everything"
// [USAGE] flag "--context <context>" env="FLUX_SOPS_CONTEXT" help="Context of the kubeconfig (else the current one)"
// [USAGE] flag "--remote <remote>" env="FLUX_SOPS_REMOTE" help="Name or URL of the git remote that Flux follows (else origin)"
// [USAGE] flag "--take-over" help="Remove the test Secret of another run that may still be at work, which ends that one"
// [USAGE] flag "--json" help="One JSON document on stdout"
// [ONE OF] --existing --file-name
// [ONE OF] --existing --recipient
// [ONE OF] --existing --remote
// [ONE OF] --existing --timeout
// [ONE OF] --existing --take-over

import('../../scripts/task/start.js').then(({ start }) =>
  start(__filename, async (usage, caller) => {
    const { verify } = await import('../../scripts/sops/verify.ts')
    return verify({
      kustomization: usage.text('kustomization'),
      namespace: usage.text('namespace'),
      existing: usage.flag('existing'),
      keyFile: usage.path('key-file'),
      evidence: usage.path('evidence'),
      fileName: usage.text('file-name'),
      recipients: usage.list('recipient'),
      timeout: usage.required('timeout'),
      context: usage.text('context'),
      remote: usage.text('remote') ?? 'origin',
      takeOver: usage.flag('take-over'),
      caller,
    })
  }),
)
