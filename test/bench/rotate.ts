import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, join } from 'node:path'
import { rekeyFiles } from '../../scripts/sops/rotate/files/rekey.ts'
import { shareFiles } from '../../scripts/sops/rotate/files/share.ts'
import type { FileText } from '../../scripts/sops/rotate/rotation.ts'
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
  })
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
  writeFileSync(join(bin, 'sops'), `#!/bin/sh\n'${found}' "$@"\ncode=$?\ntimes >> '${log}'\nexit $code\n`)
  chmodSync(join(bin, 'sops'), 0o755)
  return {
    env: { PATH: [bin, PATH].join(delimiter), HOME: directory },
    of: async (work: () => unknown): Promise<number> => {
      rmSync(log, { force: true })
      await work()
      // of the shell, and of what it has started: two lines each time
      const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []
      const times = lines.filter((_, index) => index % 2).flatMap((line) => line.split(' '))
      const secondsOf = (time: string) => {
        const [, minutes, rest] = /^(\d+)m([\d.]+)s$/.exec(time) ?? []
        return Number(minutes) * 60 + Number(rest)
      }
      return times.reduce((sum, time) => sum + secondsOf(time), 0)
    },
  }
}
