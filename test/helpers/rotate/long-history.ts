import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import type { TestRepository } from '../repository.ts'

/** A version of a SOPS file, as it was made up: its data key is told by a number. */
interface Made {
  key: number
  recipients: string[]
  /** Each value by its name, with a number that no other ciphertext has. */
  values: Map<string, number>
}

/** A value of a version, which is that of one commit. */
export interface MadeValue {
  file: string
  name: string
  commit: number
  key: number
  recipients: readonly string[]
  ciphertext: number
}

const code = (kind: string, number: number, length: number) =>
  createHash('sha512').update(`${kind}${number}`).digest('base64').slice(0, length)

const cipher = (number: number) =>
  `ENC[AES256_GCM,data:${code('d', number, 8)},iv:${code('i', number, 43)}=,tag:${code('t', number, 22)}==,type:str]`

/** As sops writes it, but for what is random in it. Each recipient has the same stanza as long as the data key is the same. */
function textOf({ key, recipients, values }: Made, mac: number): string {
  const stanzas = recipients.map(
    (recipient, index) =>
      `        - recipient: ${recipient}\n          enc: |\n            -----BEGIN AGE ENCRYPTED FILE-----\n            ${code(`s${index}`, key, 64)}\n            -----END AGE ENCRYPTED FILE-----\n`,
  )
  const lines = [...values].map(([name, number]) => `    ${name}: ${cipher(number)}\n`)
  return `kind: Secret\nstringData:\n${lines.join('')}sops:\n    age:\n${stanzas.join('')}    lastmodified: "2026-01-01T00:00:00Z"\n    mac: ${cipher(mac)}\n    version: 3.13.3\n`
}

/** Pseudo-random numbers, the same each time. */
function dice(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return Math.floor((state / 2 ** 31) * below)
  }
}

/**
 * Makes up a history: values are set, recipients come and go with and without a new data key, files are deleted and come again, on
 * `main` and on a branch that is never merged.
 * @returns every value of every version, the oldest first, and what HEAD has
 */
export function makeLongHistory(
  { root, env, git }: TestRepository,
  {
    commits,
    files,
    recipients,
    seed = 1,
  }: { commits: number; files: number; recipients: readonly string[]; seed?: number },
): { values: MadeValue[]; atHead: Set<number>; paths: string[] } {
  const roll = dice(seed)
  let count = 0
  const fresh = () => ++count
  const paths = Array.from({ length: files }, (_, index) => `apps/app-${index % 7}/${index}.sops.yaml`)
  const heads: Record<string, Map<string, Made>> = { main: new Map(), side: new Map() }
  const all: MadeValue[] = []
  const stream: string[] = []
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`
  const pick = () => recipients.filter((_, index) => roll(2) === 0 || index === recipients.length - 1)
  for (let commit = 0; commit < commits; commit++) {
    const branch = commit > commits / 3 && roll(8) === 0 ? 'side' : 'main'
    const head = heads[branch]!
    const path = paths[roll(paths.length)]!
    const from =
      commit === 0 || (branch === 'side' && head.size > 0) || branch === 'main'
        ? ''
        : 'from refs/heads/main\n'
    if (from) for (const [name, made] of heads.main!) head.set(name, made)
    stream.push(
      `commit refs/heads/${branch}\ncommitter T <t@example.com> ${1_600_000_000 + commit * 60} +0000\n${data(`c${commit}`)}${from}`,
    )
    const before = head.get(path)
    const turn = roll(10)
    if (before && turn === 0) {
      head.delete(path)
      stream.push(`D ${path}\n`)
      continue
    }
    const values = new Map(before?.values ?? [['password', fresh()]])
    let [key, listed] = [before?.key ?? fresh(), before?.recipients ?? pick()]
    if (!before || turn < 5) values.set(roll(3) === 0 ? `key-${roll(3)}` : 'password', fresh())
    else if (turn < 7) listed = pick()
    else if (turn < 9) {
      key = fresh()
      listed = pick()
      for (const name of values.keys()) values.set(name, fresh())
    } else values.delete([...values.keys()].at(-1)!)
    if (values.size === 0) values.set('password', fresh())
    const made = { key, recipients: listed, values }
    head.set(path, made)
    stream.push(`M 100644 inline ${path}\n${data(textOf(made, fresh()))}`)
    for (const [name, ciphertext] of values)
      all.push({ file: path, name, commit, key, recipients: listed, ciphertext })
  }
  execFileSync('git', ['fast-import', '--quiet', '--force'], {
    cwd: root,
    env,
    input: stream.join(''),
    stdio: 'pipe',
  })
  git('reset', '--quiet', '--hard', 'main')
  const atHead = new Set([...heads.main!.values()].flatMap(({ values }) => [...values.values()]))
  return { values: all, atHead, paths }
}
