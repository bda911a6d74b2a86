import { execFileSync } from 'node:child_process'
import { deriveRotation } from '../../scripts/sops/rotate/state/derive.ts'
import { fileStates } from '../../scripts/sops/rotate/state/file-states.ts'
import { writeFiles } from '../helpers/files.ts'
import { makeKey, sopsConfig } from '../helpers/keys.ts'
import { withRepository } from '../helpers/repository.ts'
import { commitAll, placesIn, rotatedTexts } from '../helpers/rotate/rotation.ts'
import { compare, type Pair } from './pairs.ts'

/** As many as a large repository has. */
const encrypted = 500
/** Other files for each of them. */
const others = 5

/**
 * What stands where in a rotation that is half cut over: which recipients it is about, and how each file stands in the working tree,
 * at HEAD and on the branch, none of which are alike. Beside it `git show` of each file at HEAD.
 */
export async function benchRotationState(
  runs: number,
  row: (title: string, pair: Pair, target: string) => void,
): Promise<void> {
  const [old, next] = [makeKey(), makeKey()]
  const { oldOnly, both, newOnly } = rotatedTexts(old, next)
  const names = Array.from({ length: encrypted }, (_, index) => `apps/${index}/secret.enc.yaml`)
  const plain = names.flatMap((name) =>
    Array.from({ length: others }, (_, index) => [
      name.replace('secret.enc', `other-${index}`),
      `a: ${name}\n`,
    ]),
  )
  const filled = (text: string) =>
    Object.fromEntries(names.map((name, index) => [name, text.replace('name: x', `name: x-${index}`)]))
  const start = { ...Object.fromEntries(plain), ...filled(oldOnly), '.sops.yaml': sopsConfig(old.recipient) }
  await withRepository(start, async (repository) => {
    const { root, env, git } = repository
    writeFiles(root, filled(both))
    commitAll(repository)
    git('branch', 'followed')
    git('branch', '--quiet', '--set-upstream-to=followed')
    writeFiles(root, filled(newOnly))
    commitAll(repository)
    writeFiles(root, { [`${names[0]}`]: newOnly })
    const ours = async () => {
      const places = await placesIn(repository)
      const keySecrets = [[old.recipient, next.recipient]]
      const atHand: string[] = []
      const given = { places, repository, keySecrets, atHand, old: undefined, next: undefined }
      const derived = await deriveRotation(given)
      if (!('old' in derived)) throw new Error('nothing is derived')
      const { states } = await fileStates(places, derived, repository)
      if (states.filter(({ head, branch }) => head === 'new-only' && branch === 'both').length !== encrypted)
        throw new Error('the files stand otherwise')
    }
    const eachByGit = () => {
      for (const name of names) execFileSync('git', ['show', `HEAD:${name}`], { cwd: root, env })
    }
    row(`state of ${encrypted} files / git show of each`, await compare(runs, ours, eachByGit), '0.400 s')
  })
}
