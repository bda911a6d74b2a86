import { branchWords } from './branch-words.ts'
import { conditionWords } from './condition-words.ts'
import type { ConditionFinding, OwnFacts, RunFinding, Said, Words, WordsTable } from './finding.ts'
import { keyWords } from './key-words.ts'
import { pathWords } from './path-words.ts'
import { secretWords } from './secret-words.ts'
import { targetWords } from './target-words.ts'
import { wayWords } from './way-words.ts'

const words: WordsTable = {
  ...targetWords,
  ...keyWords,
  ...pathWords,
  ...branchWords,
  ...secretWords,
  ...wayWords,
}

/** The words for a finding. */
export function wordsOf(finding: RunFinding): Words {
  return isCondition(finding) ? conditionWords(finding) : ownWords(finding)
}

/** What a Kustomization says of itself in a finding. */
export function saidIn(finding: RunFinding): Said | undefined {
  return isCondition(finding) ? finding.facts.says : undefined
}

function isCondition(finding: RunFinding): finding is ConditionFinding {
  return 'state' in finding.facts
}

function ownWords<Code extends keyof OwnFacts>({ code, facts }: { code: Code; facts: OwnFacts[Code] }) {
  return words[code](facts)
}
