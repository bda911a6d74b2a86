import { resolve } from 'node:path'
import { worded } from '../../findings/finding.ts'
import type { MarkedFinding } from '../../findings/fingerprint.ts'
import { UserError } from '../../lib/errors.ts'
import { replaceFiles } from '../../lib/file-changes.ts'
import { namesFrom } from '../../lib/paths.ts'
import type { Audit } from './find-all.ts'
import type { AuditOptions } from './options.ts'
import { readRegularFile } from './regular-file.ts'

/** A finding that is known. It has no line, so that the file changes only where the findings do. */
export interface KnownFinding {
  code: string
  file?: string | undefined
  object?: string | undefined
  message: string
  fingerprint: string
}

/** What a baseline file says. */
export interface Baseline {
  /** As the user calls it. */
  name: string
  /** What it was made with, which another audit may lack: `key`, `history`, `recipients`. */
  with: readonly string[]
  findings: readonly KnownFinding[]
}

/** What a baseline means for the findings of an audit. */
export interface Compared {
  /** Those that it does not know. */
  fresh: MarkedFinding[]
  known: MarkedFinding[]
  /** Those that it knows and that are not there any more, as far as this audit can tell. */
  gone: KnownFinding[]
}

/**
 * Reads the file of `--baseline`.
 * @returns `undefined` where none is named, or the one that is to be written is not there yet
 * @throws UserError where it is not there, can't be read, or is no baseline; its text is never quoted
 */
export function readBaseline({ baseline, writeBaseline, caller }: AuditOptions): Baseline | undefined {
  if (baseline === undefined) {
    if (writeBaseline) throw new UserError('--write-baseline needs --baseline', { hint: 'name the file' })
    return undefined
  }
  const name = namesFrom(caller.cwd)(resolve(caller.cwd, baseline))
  const text = readRegularFile(resolve(caller.cwd, baseline), name)
  if (text !== undefined) return { name, ...parseBaseline(text, name) }
  if (writeBaseline) return undefined
  throw new UserError(`${name} does not exist`, { hint: '`--write-baseline` makes it of what is found now' })
}

/**
 * Tells the findings that a baseline knows. With another kind of audit than the one that has made it nothing is said to be gone:
 * without a key less is found.
 */
export function compareWithBaseline(
  baseline: Baseline | undefined,
  findings: readonly MarkedFinding[],
  options: AuditOptions,
  audit: Audit,
): Compared {
  const known = baseline?.findings ?? []
  const namesIn = (list: readonly { fingerprint: string }[]) =>
    new Set(list.map(({ fingerprint }) => fingerprint))
  const [found, names] = [namesIn(findings), namesIn(known)]
  const sees = basisOf(options, audit)
  const canTell = !options.staged && baseline?.with.every((one) => sees.includes(one))
  return {
    fresh: findings.filter(({ fingerprint }) => !names.has(fingerprint)),
    known: findings.filter(({ fingerprint }) => names.has(fingerprint)),
    gone: canTell ? known.filter(({ fingerprint }) => !found.has(fingerprint)) : [],
  }
}

/**
 * Writes all findings of an audit to the file of `--baseline`, in one step.
 * @returns what is in it
 * @throws UserError where it can't be written, or only a part was asked for
 */
export function writeBaselineFile(
  findings: readonly MarkedFinding[],
  options: AuditOptions,
  audit: Audit,
): Baseline {
  const path = resolve(options.caller.cwd, options.baseline ?? '')
  const nameOf = namesFrom(options.caller.cwd)
  const known = findings.map(knownOf).toSorted(byText)
  const sees = basisOf(options, audit)
  const lines = known.map((one) => `\n    ${JSON.stringify(one)}`)
  const after = `{\n  "with": ${JSON.stringify(sees)},\n  "findings": [${lines.join(',')}\n  ]\n}\n`
  const before = readRegularFile(path, nameOf(path))
  if (before !== after) replaceFiles([{ path, before, after }], nameOf)
  return { name: nameOf(path), with: sees, findings: known }
}

function basisOf({ history, recipients }: AuditOptions, { hasKey }: Audit): string[] {
  const has = { key: hasKey, history, recipients: recipients !== undefined }
  return Object.entries(has).flatMap(([name, isThere]) => (isThere ? [name] : []))
}

function knownOf(found: MarkedFinding): KnownFinding {
  const { code, file, object, fingerprint } = found
  return { code, file, object, message: worded(found).message, fingerprint }
}

function byText(a: KnownFinding, b: KnownFinding): number {
  const [left, right] = [a, b].map(({ file = '', object = '', code, message, fingerprint }) =>
    [file, object, code, message, fingerprint].join('\0'),
  )
  return `${left}` < `${right}` ? -1 : 1
}

function parseBaseline(text: string, name: string): Omit<Baseline, 'name'> {
  try {
    const { with: sees, findings } = JSON.parse(text)
    const isBaseline =
      Array.isArray(sees) &&
      Array.isArray(findings) &&
      findings.every((one) => typeof one?.fingerprint === 'string' && typeof one.message === 'string')
    if (isBaseline) return { with: sees, findings }
  } catch {
    // the error of the parser quotes the text
  }
  throw new UserError(`${name} is no baseline of sops:audit`, {
    hint: 'name another file, or delete this one and write it with `--write-baseline`',
  })
}
