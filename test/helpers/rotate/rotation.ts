import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RemoteBranch } from '../../../scripts/sops/rotate/state/followed-branch.ts'
import { readPlaces } from '../../../scripts/sops/rotate/state/read-places.ts'
import { encryptSecret, type Key, makeKey } from '../keys.ts'
import type { TestRepository } from '../repository.ts'

/** One Secret at all points of a rotation, each made by the real sops. */
export interface RotatedTexts {
  /** Only to the old recipient. */
  oldOnly: string
  /** `oldOnly` with the new recipient beside. */
  both: string
  /** `both` without the old recipient by `sops updatekeys`: the data key of `oldOnly`. */
  reWrapped: string
  /** `reWrapped` with its one value set anew: no ciphertext of `oldOnly` is left. */
  setAfterwards: string
  /** `reWrapped` by `sops rotate`. */
  newOnly: string
  /** Only to somebody else. */
  neither: string
}

/** Makes them. */
export function rotatedTexts(old: Key, next: Key, other = makeKey()): RotatedTexts {
  const directory = mkdtempSync(join(tmpdir(), 'flux-sops-test-'))
  const file = join(directory, 'x.yaml')
  const sops = (...args: string[]) => {
    const env = { PATH: process.env.PATH, HOME: directory, SOPS_AGE_KEY: `${old.secret}\n${next.secret}` }
    execFileSync('sops', args, { cwd: directory, env, stdio: 'pipe' })
    return readFileSync(file, 'utf8')
  }
  const rules = (age: string) =>
    writeFileSync(join(directory, '.sops.yaml'), `creation_rules:\n  - age: ${age}\n`)
  const update = (age: string) => {
    rules(age)
    return sops('updatekeys', '--yes', 'x.yaml')
  }
  try {
    const oldOnly = encryptSecret(old.recipient)
    writeFileSync(file, oldOnly)
    const both = update(`${old.recipient},${next.recipient}`)
    const reWrapped = update(next.recipient)
    const setAfterwards = sops('set', 'x.yaml', '["stringData"]["message"]', '"anew"')
    writeFileSync(file, reWrapped)
    const newOnly = sops('rotate', '--in-place', 'x.yaml')
    return { oldOnly, both, reWrapped, setAfterwards, newOnly, neither: encryptSecret(other.recipient) }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Commits all that is in the working tree. */
export function commitAll({ git }: TestRepository, message = 'x'): string {
  git('add', '--all')
  git('commit', '--quiet', '--allow-empty', '--message', message)
  return git('rev-parse', 'HEAD')
}

/** The places of a repository. */
export async function placesIn(
  { root, env }: Pick<TestRepository, 'root' | 'env'>,
  { paths = [], branches = [] }: { paths?: string[]; branches?: RemoteBranch[] } = {},
) {
  return readPlaces({ root, env }, { paths, branches })
}
