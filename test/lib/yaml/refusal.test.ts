import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { describeRefusal, type Refusal } from '../../../scripts/lib/yaml/refusal.ts'

/** What people read of the refusals that have facts, and of some that have none. */
const words: Record<string, Refusal> = {
  'it is a template': { refused: 'template' },
  'it is encrypted with SOPS, and a change would break its MAC': { refused: 'encrypted' },
  'it is an alias of a mapping that stands elsewhere': { refused: 'alias' },
  'its resources are not a list': { refused: 'resources-not-a-list' },
  'it is not valid YAML (duplicate key in line 2)': {
    refused: 'invalid-yaml',
    problem: 'duplicate key in line 2',
  },
  'the file is left alone for its document 3: it is not valid YAML (an alias without its anchor in line 9)': {
    refused: 'in-document',
    document: 3,
    why: { refused: 'invalid-yaml', problem: 'an alias without its anchor in line 9' },
  },
  'it has a line end in line 4 that not every YAML parser takes for one': { refused: 'line-end', line: 4 },
  'it is a ConfigMap of v1': { refused: 'other-kind', kind: 'ConfigMap', group: 'v1' },
  'there is kustomization.yml and Kustomization as well': {
    refused: 'several-files',
    others: ['kustomization.yml', 'Kustomization'],
  },
  'its entry sops-test is written in an unusual way': { refused: 'unusual-entry', entry: 'sops-test' },
  'cannot edit a/kustomization.yaml: it is not UTF-8': {
    refused: 'in-file',
    file: 'a/kustomization.yaml',
    why: { refused: 'not-utf-8' },
  },
}

for (const [text, refusal] of Object.entries(words))
  test(`describeRefusal: ${text}`, () => assert.is(describeRefusal(refusal), text))

test.run()
