/**
 * Why a file, or a place in it, is not edited: it is not certain that only what is wanted would change. The code is for the
 * program and for tests; what it means to people is said by `describeRefusal`.
 */
export type Refusal =
  | { refused: keyof typeof words }
  | { refused: 'invalid-yaml'; problem: string }
  | { refused: 'line-end'; line: number }
  | { refused: 'other-kind'; kind: string; group: string }
  | { refused: 'several-files'; others: readonly string[] }
  | { refused: 'unusual-entry'; entry: string }
  | { refused: 'in-file'; file: string; why: Refusal }
  | { refused: 'in-document'; document: number; why: Refusal }

/** What a refusal that has no facts means. The subject, `it`, is the file or the mapping that was to be edited. */
const words = {
  // a file as a whole
  'not-regular': 'it is no regular file',
  'utf-16': 'it is UTF-16',
  'not-utf-8': 'it is not UTF-8',
  template: 'it is a template',
  encrypted: 'it is encrypted with SOPS, and a change would break its MAC',
  ignored: 'git ignores it',
  'link-outside': 'it is a symbolic link to a file outside of the repository',
  'link-to-ignored': 'it is a symbolic link to a file that git ignores',
  'several-documents': 'it does not hold just one YAML document',

  // a Flux Kustomization
  'no-name': 'it has no name',
  'no-spec': 'it has no spec',
  'spec-not-a-mapping': 'its spec is not a mapping',

  // a mapping or a list
  alias: 'it is an alias of a mapping that stands elsewhere',
  anchor: 'it comes from an anchor',
  'not-a-mapping': 'it is not a mapping',
  empty: 'it is empty',
  'unusual-keys': 'its keys are written in an unusual way',
  'unexpected-text': 'something unexpected stands behind its last value',
  'unfinished-block-text':
    'its last value is a block text without a final newline, and a line behind it would give it one',
  'no-braces': 'its braces were not found',
  'no-last-key': 'its last key was not found',

  // the lists of a kustomization file
  'flow-without-resources': 'it is written in flow style and has no resources',
  'resources-not-a-list': 'its resources are not a list',
  'alias-of-resources': 'its resources are an alias of a list that stands elsewhere',
  'anchored-resources': 'its resources come from an anchor or an alias',
  'unusual-resources': 'its resources are written in an unusual way',
  'unusual-commas': 'the commas of its resources are written in an unusual way',
  'more-than-resources': 'the entry would change more than its resources, for example through an anchor',
  'patches-not-a-block-list': 'its patches are not a block list',
  'patch-without-effect': 'it has the patch already, without effect',
  'more-than-patches': 'the patch would change more than its patches',
}

/** @returns what a person reads. Of the content of a file it quotes no more than a kind, a group or the name of an entry. */
export function describeRefusal(refusal: Refusal): string {
  switch (refusal.refused) {
    case 'invalid-yaml':
      return `it is not valid YAML (${refusal.problem})`
    case 'line-end':
      return `it has a line end in line ${refusal.line} that not every YAML parser takes for one`
    case 'other-kind':
      return `it is a ${refusal.kind} of ${refusal.group}`
    case 'several-files':
      return `there is ${refusal.others.join(' and ')} as well`
    case 'unusual-entry':
      return `its entry ${refusal.entry} is written in an unusual way`
    case 'in-file':
      return `cannot edit ${refusal.file}: ${describeRefusal(refusal.why)}`
    case 'in-document':
      return `the file is left alone for its document ${refusal.document}: ${describeRefusal(refusal.why)}`
    default:
      return words[refusal.refused]
  }
}
