#!/bin/sh
':' //; f=$0; [ ! -h "$f" ] || f=$(readlink -f "$f"); . "${f%/*}/../../scripts/task/start.sh"
// [MISE] description="Change the age key in files, rules and clusters, without an outage, and prove it"
// [USAGE] flag "--old <recipient>" help="Old public key, which is replaced (else the one whose identity the key Secrets hold, or the one at hand)"
// [USAGE] flag "--next <recipient>" help="New public key, whose identity is at hand: for the way back (else one that was made for it, or is made now)"
// [USAGE] flag "--new-key <file>" help="File with the new age private key, or - for stdin (else it is added to the key file of the old one)"
// [USAGE] flag "--key-file <file>" help="File with an age private key that opens the files, or - for stdin (else SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, SOPS_AGE_KEY_CMD, .age-key.txt, age.key, sops's own default file)"
// [USAGE] flag "--pq" help="Make a post-quantum identity, which kustomize-controller reads since 1.9.0"
// [USAGE] flag "--store <command>" help="Hand a new identity to this command by stdin, and keep it nowhere else"
// [USAGE] flag "--remove" help="Take the public key of --old away without a new one in its place, as when somebody leaves"
// [USAGE] flag "--context <context>" var=#true env="FLUX_SOPS_CONTEXT" help="Context of the kubeconfig; several times for several clusters (else the current one)"
// [USAGE] flag "--no-cluster" help="Ask no cluster: for a key that no cluster has, and for CI"
// [USAGE] flag "--to <stage>" help="Last stage of this run: share, distribute, prove, cut-over or retire"
// [USAGE] flag "--proof <how>" default="verify" help="How to prove that the clusters decrypt with the new key: verify pushes a test Secret to the branch that Flux follows, canary to a branch of its own, read pushes nothing"
// [USAGE] flag "--kustomization <kustomization>" env="FLUX_SOPS_KUSTOMIZATION" help="Kustomization that the proof goes through: NAME in flux-system, or NAMESPACE/NAME (else one for each key Secret)"
// [USAGE] flag "--remote <remote>" env="FLUX_SOPS_REMOTE" help="Name of the git remote that Flux follows (else origin)"
// [USAGE] flag "--timeout <duration>" default="10m" help="How long a cluster may take for each stage"
// [USAGE] flag "--commit" help="Commit the changed files, and only these; nothing is pushed"
// [USAGE] flag "--dry-run" help="Print the changes of the next stage, and write nothing"
// [USAGE] flag "--status" help="Print how far a rotation has come, and write nothing; exit 1 while one is open"
// [USAGE] flag "--compromised" help="The old key is known to others: print what it could open in all of history, and refuse --abort and --rewrap"
// [USAGE] flag "--rewrap" help="Take the old public key also out of files that cannot get a new data key because another of their keys cannot be reached"
// [USAGE] flag "--checked <name>" var=#true help="A Kustomization that cannot be seen from here and that you have looked at by hand: NAMESPACE/NAME, or the ./DIRECTORY that one of another cluster builds; or kustomize-controller, where its version cannot be seen; several times for several"
// [USAGE] flag "--abort" help="Go back to the old key"
// [USAGE] flag "--json" help="One JSON document on stdout"
// [USAGE] arg "[path]" var=#true help="Only files and directories below (else all files that name the old public key)"
// [ONE OF] --next --new-key --store --remove
// [ONE OF] --new-key --store --remove --abort
// [ONE OF] --pq --next --new-key --remove
// [ONE OF] --pq --abort
// [ONE OF] --status --dry-run --abort
// [ONE OF] --status --dry-run --commit
// [ONE OF] --compromised --abort --rewrap
// [ONE OF] --context --no-cluster

import('../../scripts/task/start.js').then(({ start }) =>
  start(__filename, async (usage, caller) => {
    const { rotate } = await import('../../scripts/sops/rotate.ts')
    const [contexts, checked] = [usage.list('context'), usage.list('checked')]
    const [remote, kustomization] = [usage.text('remote') ?? 'origin', usage.text('kustomization')]
    const [proof, timeout, to] = [usage.required('proof'), usage.required('timeout'), usage.text('to')]
    return rotate({
      ...{ paths: usage.list('path'), old: usage.text('old'), next: usage.text('next') },
      ...{ newKey: usage.path('new-key'), keyFile: usage.path('key-file'), pq: usage.flag('pq') },
      ...{ remove: usage.flag('remove'), abort: usage.flag('abort'), rewrap: usage.flag('rewrap') },
      ...{ commit: usage.flag('commit'), status: usage.flag('status'), dryRun: usage.flag('dry-run') },
      ...{ compromised: usage.flag('compromised'), noCluster: usage.flag('no-cluster') },
      ...{ contexts, checked, remote, kustomization, proof, timeout, to, store: usage.text('store'), caller },
    })
  }),
)
