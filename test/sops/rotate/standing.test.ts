import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nextStep, type PlaceCounts, type Standing } from '../../../scripts/sops/rotate/standing.ts'

const none: PlaceCounts = { oldOnly: 0, both: 0, newOnly: 0, reWrapped: 0 }
const old: PlaceCounts = { ...none, oldOnly: 3 }
const both: PlaceCounts = { ...none, both: 3 }
const cut: PlaceCounts = { ...none, newOnly: 3 }
const held = (which: Partial<NonNullable<Standing['clusters']>>) => ({ old: 0, both: 0, new: 0, ...which })

/** @param places the working tree, HEAD and the branch */
function standing(
  [tree, head, tip]: [PlaceCounts, PlaceCounts, PlaceCounts | undefined],
  more: Partial<Standing> = {},
): Standing {
  return {
    isLimited: false,
    isBehind: false,
    isUnpublished: false,
    clusters: held({ new: 1 }),
    applied: 0,
    unproved: 0,
    lateCopies: 0,
    inGit: { lacking: 0, both: 0, isUncommitted: false, isUnpushed: false },
    tree,
    head,
    tip,
    ...more,
  }
}

const inGit = (which: Partial<Standing['inGit']>) => ({
  inGit: { lacking: 0, both: 0, isUncommitted: false, isUnpushed: false, ...which },
})

const cases: [what: string, of: Standing, expected: string][] = [
  ['nothing is done', standing([old, old, old], { clusters: held({ old: 1 }) }), 'share'],
  ['one rule of many lacks the new one', standing([{ ...both, oldOnly: 1 }, both, both]), 'share'],
  ['the key Secret in git lacks the new one', standing([both, both, both], inGit({ lacking: 1 })), 'share'],
  ['shared in the working tree', standing([both, old, old], { clusters: held({ old: 1 }) }), 'distribute'],
  ['… and distributed', standing([both, old, old], { clusters: held({ both: 1 }) }), 'commit'],
  ['committed', standing([both, both, old], { clusters: held({ both: 1 }) }), 'push'],
  ['pushed', standing([both, both, both], { clusters: held({ both: 1 }) }), 'cut-over'],
  [
    'committed on a branch that nobody else has',
    standing([both, both, undefined], { isUnpublished: true }),
    'push',
  ],
  ['pushed, where no branch is known', standing([both, both, undefined]), 'cut-over'],
  ['pushed, and no cluster has the key', standing([both, both, both], { clusters: undefined }), 'cut-over'],
  [
    'somebody has taken the new one out of a Secret',
    standing([both, both, both], { clusters: held({ old: 1, both: 1 }) }),
    'distribute',
  ],
  ['cut over in the working tree', standing([cut, both, both], { clusters: held({ both: 1 }) }), 'commit'],
  ['… committed', standing([cut, cut, both], { clusters: held({ both: 1 }) }), 'push'],
  ['… pushed', standing([cut, cut, cut], { clusters: held({ both: 1 }) }), 'retire'],
  ['… pushed, and only re-wrapped', standing([{ ...cut, reWrapped: 1 }, cut, cut]), 'cut-over'],
  ['… pushed, with the key Secret in git', standing([cut, cut, cut], inGit({ both: 1 })), 'retire-in-git'],
  [
    '… whose new value is not committed',
    standing([cut, cut, cut], { applied: 1, ...inGit({ isUncommitted: true }) }),
    'commit',
  ],
  [
    '… whose new value is not pushed',
    standing([cut, cut, cut], { applied: 1, ...inGit({ isUnpushed: true }) }),
    'push',
  ],
  ['a copy still holds the old one', standing([cut, cut, cut], { lateCopies: 1 }), 'wait'],
  [
    '… of what holds it as well',
    standing([cut, cut, cut], { clusters: held({ both: 1 }), lateCopies: 1 }),
    'retire',
  ],
  ['… whose new value is not applied', standing([cut, cut, cut], { applied: 1 }), 'wait'],
  ['retired', standing([cut, cut, cut]), 'done'],
  ['retired, as far as it is seen', standing([cut, cut, cut], { unproved: 1 }), 'retire'],
  [
    'retired, and a late branch brings a file',
    standing([cut, cut, { ...cut, oldOnly: 1 }], { isBehind: true }),
    'pull',
  ],
  [
    'a late branch before the cut-over',
    standing([both, both, { ...both, oldOnly: 1 }], { isBehind: true }),
    'pull',
  ],
  [
    'others have pushed what has nothing to do with it',
    standing([cut, cut, cut], { isBehind: true }),
    'done',
  ],
  [
    'only some files are meant, and they are cut over',
    standing([cut, cut, cut], { isLimited: true, clusters: held({ both: 1 }) }),
    'rest',
  ],
]

for (const [what, of, expected] of cases)
  test(`${what}: ${expected}`, () => {
    assert.is(nextStep(of).step, expected)
  })

test.run()
