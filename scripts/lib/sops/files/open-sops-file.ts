import type { Repository } from '../../git/git.ts'
import type { Identity } from '../age.ts'
import { openFile } from '../reader/open-file.ts'
import type { Reading, SopsFormat } from '../reader/reading.ts'
import { pathsInHistory } from './former-paths.ts'

/** How a file may be written whose name does not tell it: `--input-type` of sops, and the key of a generator for Flux, do. */
const otherFormats = ['yaml', 'dotenv', 'ini'] as const

/** What a SOPS file is read with. */
export interface OpenFrom {
  /** Secret. */
  identities: readonly Identity[] | undefined
  repository: Repository
  /** The version that the file is of; that of the working tree where it is not given. */
  commit?: string
}

/**
 * Reads a file that has a mark of sops. Where a value is broken, the older versions of the file in git are asked for its name.
 * @returns `undefined` for what is no SOPS file: documentation, scripts and tests that quote one among them
 */
export async function openSopsFile(
  file: string,
  bytes: Buffer,
  { identities, repository, commit }: OpenFrom,
): Promise<Reading | undefined> {
  const reading = await openByFormat(file, bytes, identities)
  if (!reading?.faults.some(({ code }) => code === 'value-broken') || !identities) return reading
  const formerPaths = await pathsInHistory(repository, file, { format: reading.format, commit })
  if (formerPaths.length === 0) return reading
  return openFile(bytes, file, { identities, format: reading.format, formerPaths })
}

async function openByFormat(
  file: string,
  bytes: Buffer,
  identities: OpenFrom['identities'],
): Promise<Reading | undefined> {
  const reading = await openFile(bytes, file, { identities })
  if (reading.metadata) return reading
  if (reading.verdict !== 'no-metadata' && hasMetadataMarks(bytes, reading.format)) return reading
  if (reading.format !== 'binary') return undefined
  for (const format of otherFormats) {
    if (!hasMetadataMarks(bytes, format)) continue
    const other = await openFile(bytes, file, { identities, format })
    if (other.metadata) return other
  }
  return undefined
}

/** Where sops looks for its metadata, by format. */
const block: Record<SopsFormat, (text: string) => boolean> = {
  yaml: (text) => /^(?:sops|"sops"|'sops')[ \t]*:/m.test(text) || block.json(text),
  json: (text) => text.trimStart().startsWith('{') && /"sops"\s*:\s*\{/.test(text),
  binary: (text) => block.json(text),
  dotenv: (text) => /^sops_\w+=/m.test(text),
  ini: (text) => /^\[sops\]/m.test(text),
}

/** Fields that no metadata lacks, unless somebody took both away. */
const field = /(?:^|[\s,{])["']?(?:sops_)?(?:mac|lastmodified)["']?\s*[:=]/

/**
 * Whether a text that could not be read has the metadata of sops where it belongs, and so is a SOPS file: not documentation, a
 * script or a test that only quotes one.
 */
function hasMetadataMarks(bytes: Buffer, format: SopsFormat): boolean {
  const text = bytes.toString('latin1')
  return block[format](text) && field.test(text)
}
