#!/bin/sh
':' //; f=$0; [ ! -h "$f" ] || f=$(readlink -f "$f"); . "${f%/*}/../../scripts/task/start.sh"
// [MISE] description="Set up a repository: age identity, .gitignore, creation rules"
// [USAGE] flag "--key-file <file>" help="File for the age private key, or with one, or - for stdin (else SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, SOPS_AGE_KEY_CMD, .age-key.txt, age.key; without any, .age-key.txt at the root is made)"
// [USAGE] flag "--store <command>" help="Hand a new identity to this command by stdin, and keep it nowhere else"
// [USAGE] flag "--pq" help="Make a post-quantum identity, which kustomize-controller reads since 1.9.0"
// [USAGE] flag "--backup <recipient>" var=#true help="Public key that new creation rules name as well; may be given several times"
// [USAGE] flag "--check" help="Write nothing; exit 1 if a part is missing"
// [USAGE] flag "--commit" help="Commit the written files, and only these; never the key"
// [USAGE] flag "--json" help="One JSON document on stdout"
// [ONE OF] --key-file --store
// [ONE OF] --check --store --commit

import('../../scripts/task/start.js').then(({ start }) =>
  start(__filename, async (usage, caller) => {
    const { init } = await import('../../scripts/sops/init.ts')
    return init({
      keyFile: usage.path('key-file'),
      store: usage.text('store'),
      pq: usage.flag('pq'),
      backup: usage.list('backup'),
      check: usage.flag('check'),
      commit: usage.flag('commit'),
      caller,
    })
  }),
)
