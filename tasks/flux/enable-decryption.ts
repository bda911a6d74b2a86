#!/bin/sh
':' //; f=$0; [ ! -h "$f" ] || f=$(readlink -f "$f"); . "${f%/*}/../../scripts/task/start.sh"
// [MISE] description="Add SOPS decryption to the Flux Kustomizations of the repository"
// [USAGE] arg "[path]" var=#true help="Files and directories to look in (else the whole repository)"
// [USAGE] flag "--name <name>" env="FLUX_SOPS_SECRET" help="Name of the Secret with the age key (else sops-age)"
// [USAGE] flag "--provider-only" help="Name no Secret: the controller has the key (--sops-age-secret)"
// [USAGE] flag "--needed" help="Only where encrypted files are built"
// [USAGE] flag "--all" help="Also those that nothing applies"
// [USAGE] flag "--root" help="Also the root of flux bootstrap, before its first encrypted file"
// [USAGE] flag "--check" help="Write nothing; exit 1 if one lacks decryption"
// [USAGE] flag "--dry-run" help="Write nothing; print the change as a unified diff"
// [USAGE] flag "--commit" help="Commit the changed files, and only these"
// [USAGE] flag "--json" help="One JSON document on stdout"
// [ONE OF] --check --dry-run --commit
// [ONE OF] --name --provider-only

import('../../scripts/task/start.js').then(({ start }) =>
  start(__filename, async (usage, caller) => {
    const { enableDecryption } = await import('../../scripts/flux/enable-decryption.ts')
    return enableDecryption({
      paths: usage.list('path'),
      name: usage.text('name') ?? 'sops-age',
      providerOnly: usage.flag('provider-only'),
      needed: usage.flag('needed'),
      all: usage.flag('all'),
      root: usage.flag('root'),
      check: usage.flag('check'),
      dryRun: usage.flag('dry-run'),
      commit: usage.flag('commit'),
      caller,
    })
  }),
)
