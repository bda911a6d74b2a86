#!/bin/sh
':' //; f=$0; [ ! -h "$f" ] || f=$(readlink -f "$f"); . "${f%/*}/../../scripts/task/start.sh"
// [MISE] description="Write an encrypted test Secret into the path of a Flux Kustomization"
// [USAGE] flag "--kustomization <kustomization>" env="FLUX_SOPS_KUSTOMIZATION" help="The Flux Kustomization: NAME, NAMESPACE/NAME, FILE or FILE:NAME (else infrastructure, or the only one that can be meant)"
// [USAGE] flag "--name <name>" default="sops-test" help="Name of the Secret and of its directory"
// [USAGE] flag "-n --namespace <namespace>" default="default" help="Namespace of the Secret"
// [USAGE] flag "--message <message>" default="SOPS decryption works" help="What is encrypted"
// [USAGE] flag "--file-name <file>" help="Name of the file in the directory of the Secret (else one that a creation rule selects): secret.sops.yaml, secrets/test.yaml"
// [USAGE] flag "--key-file <file>" help="File with the age private key, or - for stdin (else SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, SOPS_AGE_KEY_CMD, .age-key.txt, age.key, sops's own default file)"
// [USAGE] flag "--commit" help="Commit the written files, and only these"
// [USAGE] flag "--json" help="One JSON document on stdout"

import('../../scripts/task/start.js').then(({ start }) =>
  start(__filename, async (usage, caller) => {
    const { testCreate } = await import('../../scripts/sops/test-create.ts')
    return testCreate({
      kustomization: usage.text('kustomization'),
      name: usage.required('name'),
      namespace: usage.required('namespace'),
      message: usage.required('message'),
      fileName: usage.text('file-name'),
      keyFile: usage.path('key-file'),
      commit: usage.flag('commit'),
      caller,
    })
  }),
)
