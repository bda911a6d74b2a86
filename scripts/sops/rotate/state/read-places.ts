import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { type Finding, finding } from '../../../findings/finding.ts'
import { someOf } from '../../../findings/some-of.ts'
import { headOf } from '../../../lib/git/commit.ts'
import { callGit, type Repository, searchFiles } from '../../../lib/git/git.ts'
import { filesOfCommit, readBlobs, searchCommit } from '../../../lib/git/git-objects.ts'
import { pathBelow } from '../../../lib/paths.ts'
import { configName } from '../../../lib/sops/creation-rules.ts'
import { readListedFile } from '../../../lib/sops/encrypted-files.ts'
import { ciphertextMarks, sopsFilesInValues } from '../../../lib/sops/format.ts'
import { mergeConflict } from '../../../lib/sops/reader/places.ts'
import { ageRecipients, type KeyGroups, readKeyGroups } from '../../../lib/sops/recipients.ts'
import { findTip, type RemoteBranch } from './followed-branch.ts'
import { type PastVersions, readPast } from './past.ts'
import { eachPlace, type PlacedFile, type Places, type RotationPlace } from './places.ts'

/** What of a repository is read. */
export interface PlacesWanted {
  /** Files and directories relative to the root, whose SOPS files are meant; none: all. Rules are always read. */
  paths: readonly string[]
  /** The branches that Flux is known to follow; where it is not just one, the upstream of HEAD counts. */
  branches: readonly RemoteBranch[]
}

/**
 * Reads the SOPS files and the rules of the working tree, of HEAD and of the branch that Flux follows, by a number of processes that
 * does not grow with them. No ref and no file of the user changes.
 * @throws UserError where a file cannot be read; CommandError of git
 */
export async function readPlaces(repository: Repository, { paths, branches }: PlacesWanted): Promise<Places> {
  const reader = makeReader(repository, paths)
  const [workingTree, { head, changed }, { tip, findings, assumed, headIs }] = await Promise.all([
    reader.workingTree(),
    readHead(repository, reader),
    findTip(repository, branches),
  ])
  const { commit } = tip ?? {}
  const branch = commit === undefined || commit === head?.commit ? undefined : await reader.commit(commit)
  const dirty = dirtyAmong(workingTree, head, changed)
  const known = { workingTree, head, branch: commit === undefined ? undefined : (branch ?? head) }
  let past: Promise<PastVersions> | undefined
  const places: Places = {
    ...known,
    tip,
    assumed,
    headIs,
    dirty,
    conflicted: dirty.filter((file) => isConflicted(repository, file)),
    unread: [...findings, ...leftOut(workingTree, head, changed), ...inUtf16(workingTree)],
    past: () => (past ??= readPastOf(repository, places, reader.isRules)),
  }
  return places
}

/** Reads single places; what is the same in several is looked at once. */
interface PlaceReader {
  isRules(file: string): boolean
  workingTree(): Promise<RotationPlace>
  commit(commit: string): Promise<RotationPlace>
}

function makeReader(repository: Repository, paths: readonly string[]): PlaceReader {
  const { root, env } = repository
  const configured = env.SOPS_CONFIG ? pathBelow(root, resolve(root, env.SOPS_CONFIG)) : undefined
  const isRules = (file: string) => basename(file) === configName || file === configured
  const isWanted = (file: string) =>
    paths.length === 0 || paths.some((path) => path === '.' || file === path || file.startsWith(`${path}/`))
  const known = new Map<string, Promise<Omit<PlacedFile, 'file' | 'text'> | undefined>>()
  const groupsOf = (text: string) => {
    const found = known.get(text) ?? readGroups(text)
    known.set(text, found)
    return found
  }
  const texts = new Map<string, string>()
  const place = async (
    commit: string | undefined,
    { encrypted, rules }: { encrypted: readonly string[]; rules: readonly string[] },
    read: (file: string) => string,
  ): Promise<RotationPlace> => {
    const files = new Map<string, PlacedFile>()
    for (const file of encrypted.filter((one) => isWanted(one) && !isRules(one)).toSorted()) {
      const text = read(file)
      const found = await groupsOf(text)
      if (found) files.set(file, { file, text, ...found })
    }
    return { commit, files, rules: new Map(rules.toSorted().map((file) => [file, read(file)])) }
  }
  return {
    isRules,
    async workingTree() {
      const [encrypted, rules] = await Promise.all([
        searchFiles(repository, ciphertextMarks),
        listRules(repository, configured),
      ])
      return place(undefined, { encrypted, rules }, (file) => readListedFile(repository, file))
    },
    async commit(commit) {
      const [all, blobs] = await Promise.all([
        searchCommit(repository, commit, ciphertextMarks),
        filesOfCommit(repository, commit),
      ])
      const encrypted = all.filter((file) => blobs.has(file))
      const rules = [...blobs.keys()].filter(isRules)
      const wanted = [...encrypted.filter(isWanted), ...rules].flatMap((file) => blobs.get(file) ?? [])
      const missing = wanted.filter((blob) => !texts.has(blob))
      for (const [blob, text] of await readBlobs(repository, missing)) texts.set(blob, text)
      return place(commit, { encrypted, rules }, (file) => texts.get(blobs.get(file) ?? '') ?? '')
    },
  }
}

async function readGroups(text: string): Promise<Omit<PlacedFile, 'file' | 'text'> | undefined> {
  const documents = await readKeyGroups(text)
  if (documents) return { documents, isEmbedded: false }
  const embedded: KeyGroups[] = []
  for (const inner of sopsFilesInValues(text)) embedded.push(...((await readKeyGroups(inner)) ?? []))
  return embedded.length > 0 ? { documents: embedded, isEmbedded: true } : undefined
}

/** The files with creation rules of the working tree. */
async function listRules(repository: Repository, configured: string | undefined): Promise<string[]> {
  const globs = [`:(top,glob)**/${configName}`, ...(configured ? [`:(top,literal)${configured}`] : [])]
  const args = ['ls-files', '-z', '--full-name', '--cached', '--others', '--exclude-standard', '--']
  const listed = new Set((await callGit(repository, [...args, ...globs])).split('\0'))
  return [...listed].filter((file) => file !== '' && existsSync(join(repository.root, file)))
}

/** HEAD, and the files that differ from it. */
async function readHead(
  repository: Repository,
  reader: PlaceReader,
): Promise<{ head: RotationPlace | undefined; changed: ReadonlySet<string> }> {
  const commit = await headOf(repository)
  if (commit === undefined) return { head: undefined, changed: new Set() }
  const diff = ['diff', '--name-only', '--no-renames', '--no-ext-diff', '--ignore-submodules', '-z', commit]
  const [head, changed] = await Promise.all([reader.commit(commit), callGit(repository, [...diff, '--'])])
  return { head, changed: new Set(changed.split('\0').filter(Boolean)) }
}

function namesOf(place: RotationPlace | undefined): Set<string> {
  return new Set([...(place?.files.keys() ?? []), ...(place?.rules.keys() ?? [])])
}

function dirtyAmong(
  workingTree: RotationPlace,
  head: RotationPlace | undefined,
  changed: ReadonlySet<string>,
): readonly string[] {
  const [here, committed] = [namesOf(workingTree), namesOf(head)]
  const isDirty = (file: string) => changed.has(file) || !committed.has(file)
  return [...here.union(committed)].filter(isDirty).toSorted()
}

/** Such a file may be none of SOPS as long as it is so. */
function isConflicted(repository: Repository, file: string): boolean {
  return (
    existsSync(join(repository.root, file)) && mergeConflict(readListedFile(repository, file)) !== undefined
  )
}

/** A sparse checkout leaves files out of the working tree, which git does not take for deleted. */
function leftOut(
  workingTree: RotationPlace,
  head: RotationPlace | undefined,
  changed: ReadonlySet<string>,
): Finding[] {
  const missing = [...namesOf(head).difference(namesOf(workingTree))].filter((file) => !changed.has(file))
  return missing.length === 0
    ? []
    : [finding('checkout-sparse', { object: 'the working tree' }, { files: someOf(missing, 3) })]
}

/** With a byte order mark sops reads UTF-16 (go.yaml.in/yaml/v3 readerc.go), and here the texts of rules are read as UTF-8. */
function inUtf16({ rules }: RotationPlace): Finding[] {
  return [...rules].flatMap(([file, text]) => {
    const isNamed = text.startsWith('\ufffd\ufffd') && ageRecipients(text.replaceAll('\0', '')).length > 0
    return isNamed ? [finding('rules-not-utf-8', { file }, {})] : []
  })
}

function readPastOf(
  repository: Repository,
  places: Places,
  isRules: (file: string) => boolean,
): Promise<PastVersions> {
  const own = eachPlace(places)
  const files = new Set(own.flatMap((place) => [...place.files.keys()]))
  const commits = own.flatMap(({ commit }) => commit ?? [])
  return readPast(repository, commits, (file) =>
    isRules(file) ? 'rules' : files.has(file) ? 'sops' : undefined,
  )
}
