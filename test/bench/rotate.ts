import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, join } from 'node:path'
import { rekeyFiles } from '../../scripts/sops/rotate/files/rekey.ts'
import { shareFiles } from '../../scripts/sops/rotate/files/share.ts'
import { opensWithOnly } from '../../scripts/sops/rotate/proof/opens-with-only.ts'
import type { FileText } from '../../scripts/sops/rotate/rotation.ts'
import { projectRoot } from '../helpers/documents.ts'
import { withDirectory } from '../helpers/files.ts'
import { encryptSecret, type Key, makeKey } from '../helpers/keys.ts'
import { compare, type Pair } from './pairs.ts'

/** As many as a large repository has. */
const shared = 500
/** Few enough to be encrypted anew one after the other. */
const few = 100

type Row = (title: string, pair: Pair, target: string) => void

/**
 * New stanzas for many files beside `sops updatekeys` on each, in the processor time of sops; and new data keys beside
 * `sops rotate` on each, one after the other, in the time that passes.
 * @param PATH with sops
 */
export async function benchRotate(runs: number, PATH: string, row: Row): Promise<void> {
  const [old, next] = [makeKey(), makeKey()]
  const rotation = { old: old.recipient, next: next.recipient }
  await withDirectory(async (directory) => {
    const sopsTime = timedSops(directory, PATH)
    const texts = filesOf(shared, old)
    const [share, updateEach] = [
      () => shareFiles(texts, rotation, [old], { root: directory, env: sopsTime.env }),
      () => {
        writeFileSync(
          join(directory, 'rules.yaml'),
          JSON.stringify({ creation_rules: [{ age: `${old.recipient},${next.recipient}` }] }),
        )
        for (const { file, text } of texts) {
          writeFileSync(join(directory, file), text)
          const env = { ...sopsTime.env, SOPS_AGE_KEY: old.secret }
          execFileSync('sops', ['--config', 'rules.yaml', 'updatekeys', '-y', file], {
            cwd: directory,
            env,
            stdio: 'ignore',
          })
        }
      },
    ]
    const ours = await sopsTime.of(share)
    const theirs = await sopsTime.of(updateEach)
    row(
      `recipient for ${shared} / sops updatekeys each, CPU`,
      { ours, theirs, ratio: ours / theirs },
      '1.5 s, 0.05',
    )

    const both = filesOf(few, old, next.recipient)
    const rekey = () =>
      rekeyFiles(both, {
        takeOut: old.recipient,
        identities: [next],
        repository: { root: directory, env: { PATH } },
      })
    const rotateEach = () => {
      const env = { PATH, HOME: directory, SOPS_AGE_KEY: next.secret }
      for (const { file, text } of both) {
        writeFileSync(join(directory, file), text)
        execFileSync('sops', ['rotate', '--in-place', '--rm-age', old.recipient, file], {
          cwd: directory,
          env,
          stdio: 'ignore',
        })
      }
    }
    const target = (1 / (0.9 * availableParallelism())).toFixed(2)
    row(`data keys for ${few} / sops rotate one by one`, await compare(runs, rekey, rotateEach), target)

    const withProof = async () => {
      const { edits } = await rekey()
      const after = edits.map((edit) => ({ file: edit.file, text: edit.after }))
      const { opened } = await opensWithOnly(after, [next], { root: directory, env: { PATH } })
      if (opened.length !== few) throw new Error(`${few - opened.length} files do not open`)
    }
    const rotateAndDecryptEach = () => {
      rotateEach()
      const env = { PATH, HOME: directory, SOPS_AGE_KEY: next.secret }
      for (const { file } of both)
        execFileSync('sops', ['decrypt', file], { cwd: directory, env, stdio: 'ignore' })
    }
    const pair = await compare(runs, withProof, rotateAndDecryptEach)
    row(`… and proved / sops rotate and decrypt each`, pair, target)

    const takes = peakOf({ texts: filesOf(shared, old, next.recipient), old, next }, directory, PATH)
    console.log(`${`… peak memory for ${shared}`.padEnd(44)} ${`${takes} MB`.padStart(9)}   250 MB`)
  })
}

/** What a cut-over with its proof takes at its peak, in MB, in a process of its own. */
function peakOf(given: { texts: FileText[]; old: Key; next: Key }, directory: string, PATH: string): number {
  const rotate = join(projectRoot, 'scripts', 'sops', 'rotate')
  const script = `
    import { readFileSync } from 'node:fs'
    import { rekeyFiles } from ${JSON.stringify(join(rotate, 'files', 'rekey.ts'))}
    import { opensWithOnly } from ${JSON.stringify(join(rotate, 'proof', 'opens-with-only.ts'))}
    const { texts, old, next } = JSON.parse(readFileSync('given.json', 'utf8'))
    const repository = { root: process.cwd(), env: process.env }
    const { edits } = await rekeyFiles(texts, { takeOut: old.recipient, identities: [next], repository })
    const after = edits.map((edit) => ({ file: edit.file, text: edit.after }))
    const { opened } = await opensWithOnly(after, [next], repository)
    if (opened.length !== texts.length) throw new Error('not all files open')
    console.log(process.resourceUsage().maxRSS)`
  writeFileSync(join(directory, 'given.json'), JSON.stringify(given))
  const kilobytes = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: directory,
    env: { PATH },
    encoding: 'utf8',
  })
  return Math.round(Number(kilobytes) / 1024)
}

/** Files with a stanza of its own each, as those that were encrypted one by one: the data key of one, encrypted many times. */
function filesOf(count: number, old: Key, ...others: readonly string[]): FileText[] {
  const text = encryptSecret([old.recipient, ...others].join())
  const [stanza = ''] = /-----BEGIN AGE[\s\S]*?-----END AGE ENCRYPTED FILE-----\n/.exec(text) ?? []
  const dataKey = execFileSync('sh', ['-c', 'age -d -i - /dev/fd/3 3<<END\n$armored\nEND'], {
    input: old.secret,
    env: { ...process.env, armored: stanza.replace(/^ +/gm, '').trimEnd() },
  })
  return Array.from({ length: count }, (_, index) => {
    const enc = execFileSync('age', ['-a', '-r', old.recipient], { input: dataKey, encoding: 'utf8' })
    const indented = enc.replace(/\n(?=.)/g, '\n            ')
    return { file: `${index}.yaml`, text: text.replace(stanza, indented) }
  })
}

/** A sops whose processor time is counted, without that of the shell around it. */
function timedSops(directory: string, PATH: string) {
  const bin = join(directory, 'timed')
  const log = join(directory, 'times')
  mkdirSync(bin)
  const found = execFileSync('sh', ['-c', 'command -v sops'], { env: { PATH }, encoding: 'utf8' }).trim()
  // of bash, for `times` of other shells counts in ticks, and a sops takes about one
  const script = `exec 4>&2\nTIMEFORMAT='%3U %3S'\n{ time '${found}' "$@" 2>&4; } 2>> '${log}'\n`
  writeFileSync(join(bin, 'sops'), `#!/usr/bin/env bash\n${script}`)
  chmodSync(join(bin, 'sops'), 0o755)
  return {
    env: { PATH: [bin, PATH].join(delimiter), HOME: directory },
    of: async (work: () => unknown): Promise<number> => {
      rmSync(log, { force: true })
      await work()
      const times = readFileSync(log, 'utf8').trim().split(/\s/)
      return times.reduce((sum, time) => sum + Number(time), 0)
    },
  }
}
