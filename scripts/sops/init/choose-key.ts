import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Caller } from '../../lib/caller.ts'
import { pathBelow } from '../../lib/paths.ts'
import { readIdentities } from '../../lib/sops/age.ts'
import type { KeyAtHand } from '../../lib/sops/key.ts'
import { type KeyPlace, keyPlaces, ownKeyFile } from '../../lib/sops/key-places.ts'

/** What decides which key is that of the repository. */
export interface KeyWishes {
  /** `--key-file`: absolute, or `-` for stdin. */
  keyFile: string | undefined
  /** The root of the repository. */
  root: string
  /** The recipients that its rules and files name. Where there are any, only a key of one of them is its key. */
  used: ReadonlySet<string>
  caller: Caller
}

/** The key of a repository. */
export interface ChosenKey {
  /** `undefined` where none is at hand. */
  key: KeyAtHand | undefined
  /** Where the key is, or is to be made; absolute, `undefined` where it is no file. */
  file: string | undefined
  /** It is not in the file that `--key-file` names, for that is not there. */
  isElsewhere: boolean
}

/**
 * Finds the key of a repository: of the places that have one the first whose key belongs to it. The default file of sops is for all
 * repositories of the user: it counts only where this one encrypts to it.
 * @throws UserError for a key that was named and can't be used; it never quotes it
 */
export async function chooseKey(wishes: KeyWishes): Promise<ChosenKey> {
  const { keyFile, root, used, caller } = wishes
  const { cwd, env, signal } = caller
  const all = keyPlaces({ keyFile, cwd, root, env, signal, recipients: async () => used })
  const isNamed = keyFile !== undefined && !isToBeMade(all[0], wishes)
  const places = isNamed ? all.slice(0, 1) : all
  const present = places.filter((place) => !isToBeMade(place, wishes))
  const quietFirst = present.toSorted((a, b) => Number(b.isQuiet) - Number(a.isQuiet))
  for (const place of quietFirst) {
    if (place.isDefault && used.size === 0) continue
    const { identities } = await readIdentities(await place.read(), place.source, { env, signal })
    const belongs = used.size === 0 || identities.some(({ recipient }) => used.has(recipient))
    if (!belongs) continue
    const isElsewhere = keyFile !== undefined && !isNamed
    return { key: { identities, place }, file: place.file && realPath(place.file), isElsewhere }
  }
  const missing = places.find((place) => isToBeMade(place, wishes))?.file
  return { key: undefined, file: realPath(missing ?? join(root, ownKeyFile)), isElsewhere: false }
}

/** Named, and not there: by `--key-file` anywhere, by a variable in the repository. */
function isToBeMade(place: KeyPlace | undefined, { keyFile, root }: KeyWishes): boolean {
  if (place?.file === undefined || existsSync(place.file)) return false
  return place.file === keyFile || pathBelow(root, realPath(place.file)) !== undefined
}

/** With the links in its directory resolved, as in the root of a repository. */
function realPath(file: string): string {
  const directory = dirname(file)
  return existsSync(directory) ? join(realpathSync(directory), basename(file)) : file
}
