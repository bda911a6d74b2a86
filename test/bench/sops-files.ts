import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openFile } from '../../scripts/lib/sops/reader/open-file.ts'
import { withDirectory } from '../helpers/files.ts'
import { encryptSecret, type Key, makeKey } from '../helpers/keys.ts'
import { compare, type Pair } from './pairs.ts'

/** Few enough to be read by a sops process each. */
const few = 100
const times = 5

/**
 * SOPS files read in this process, decrypted and with their MAC, beside `sops decrypt` on each; and five times as many.
 * @param PATH with sops
 */
export async function benchSopsFiles(
  runs: number,
  PATH: string,
  row: (title: string, pair: Pair, target: string) => void,
) {
  await withDirectory(async (directory) => {
    const key = makeKey()
    const files = Array.from({ length: few }, (_, index) => join(directory, `${index}.yaml`))
    for (const [index, file] of files.entries())
      writeFileSync(file, encryptSecret(key.recipient, `value-${index}`))
    const once = () => readAll(files, key)
    const env = { PATH, HOME: directory, SOPS_AGE_KEY: key.secret }
    const bySops = () => {
      for (const file of files) execFileSync('sops', ['decrypt', file], { env })
    }
    row(`${few} SOPS files read / sops decrypt on each`, await compare(runs, once, bySops), '0.10')
    const many = Array.from({ length: times }, () => files).flat()
    const again = async () => {
      for (let index = 0; index < times; index++) await once()
    }
    row(
      `… ${many.length} / ${times} times ${few}`,
      await compare(runs, () => readAll(many, key), again),
      '2 s, 1.10',
    )
  })
}

async function readAll(files: readonly string[], key: Key): Promise<void> {
  for (const file of files) {
    const { verdict } = await openFile(readFileSync(file), file, { identities: [key] })
    if (verdict !== 'decrypts') throw new Error(`${file}: ${verdict}`)
  }
}
