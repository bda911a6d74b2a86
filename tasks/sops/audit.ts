#!/bin/sh
':' //; f=$0; [ ! -h "$f" ] || f=$(readlink -f "$f"); . "${f%/*}/../../scripts/task/start.sh"
// [MISE] description="Find what is wrong with the encrypted files of the repository, without a cluster"
// [USAGE] arg "[path]" var=#true help="Files and directories whose findings are wanted (else the whole repository)"
// [USAGE] flag "--staged" help="What is about to be committed, as the index has it: for hooks of git"
// [USAGE] flag "--key-file <file>" help="File with the age private key, or - for stdin (else SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, .age-key.txt, age.key, sops's own default file; without any, what can be told without a key)"
// [USAGE] flag "--history" help="Also what old commits hold"
// [USAGE] flag "--recipients <file>" help="File with the recipients that are allowed, one a line"
// [USAGE] flag "--format <format>" env="FLUX_SOPS_FORMAT" help="One of text, json, sarif and github (else text)"
// [USAGE] flag "--json" help="One JSON document on stdout, as --format json"
// [USAGE] flag "--baseline <file>" help="File with the findings that are known: they do not count"
// [USAGE] flag "--write-baseline" help="Write what is found to the file of --baseline"
// [USAGE] flag "--only <code>" var=#true help="Only findings of this code; may be given several times"
// [USAGE] flag "--skip <code>" var=#true help="No findings of this code; may be given several times"
// [USAGE] flag "--explain <code>" help="Print what a code means, and what to do"
// [ONE OF] --only --skip --write-baseline --explain
// [ONE OF] --staged --history --write-baseline --explain
// [ONE OF] --baseline --explain
// [ONE OF] --format --json

import('../../scripts/task/start.js').then(({ start }) =>
  start(__filename, async (usage, caller) => {
    const { audit } = await import('../../scripts/sops/audit.ts')
    return audit({
      paths: usage.list('path'),
      staged: usage.flag('staged'),
      keyFile: usage.path('key-file'),
      history: usage.flag('history'),
      recipients: usage.path('recipients'),
      format: usage.text('format') ?? 'text',
      baseline: usage.path('baseline'),
      writeBaseline: usage.flag('write-baseline'),
      only: usage.list('only'),
      skip: usage.list('skip'),
      explain: usage.text('explain'),
      caller,
    })
  }),
)
