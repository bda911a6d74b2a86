import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Entry } from '../../../scripts/findings/entry.ts'
import type { AuditOptions } from '../../../scripts/sops/audit/options.ts'
import { type Audited, auditIn, auditOf } from '../audit.ts'
import { withDirectory } from '../files.ts'
import type { Key } from '../keys.ts'
import { withRepository } from '../repository.ts'

/** Audits a fresh repository in which `files` are committed, with these private keys. */
export async function auditWithKey(
  files: Readonly<Record<string, string>>,
  keys: readonly Key[],
  options: Partial<AuditOptions> = {},
): Promise<Audited> {
  return withRepository(files, async ({ root, env, directory }) => {
    const keyFile = join(directory, 'keys.txt')
    writeFileSync(keyFile, keys.map(({ text }) => text).join(''), { mode: 0o600 })
    return auditIn({ root, env }, { keyFile, ...options })
  })
}

/** Audits of which only what has a code of a family of the catalogue counts: a test of one check is not about what others find. */
export function auditsOf(family: Readonly<Record<string, Entry>>) {
  const only = ({ found, facts, findings }: Audited): Audited => {
    const isWanted = (_: unknown, at: number) => `${findings[at]?.code}` in family
    return {
      found: found.filter(isWanted),
      facts: facts.filter(isWanted),
      findings: findings.filter(isWanted),
    }
  }
  return {
    /** As `auditWithKey`. */
    withKey: async (...args: Parameters<typeof auditWithKey>) => only(await auditWithKey(...args)),
    /** As `auditOf`. */
    plainly: async (...args: Parameters<typeof auditOf>) => only(await auditOf(...args)),
    /** As `auditIn`. */
    inside: async (...args: Parameters<typeof auditIn>) => only(await auditIn(...args)),
  }
}

/** Which of these files the real sops decrypts with these private keys and no others. */
export async function decryptedBySops(
  files: Readonly<Record<string, string>>,
  keys: readonly Key[],
): Promise<string[]> {
  return withDirectory(async (directory) => {
    const keyFile = join(directory, 'keys.txt')
    writeFileSync(keyFile, keys.map(({ text }) => text).join(''), { mode: 0o600 })
    const env = { PATH: process.env.PATH, HOME: directory, SOPS_AGE_KEY_FILE: keyFile }
    return Object.keys(files).filter((file) => {
      const path = join(directory, basename(file))
      writeFileSync(path, files[file]!)
      return spawnSync('sops', ['decrypt', path], { env, stdio: 'ignore' }).status === 0
    })
  })
}

/** Encrypts a Secret with the real sops for several key groups. @param threshold how many of them must be opened */
export function encryptWithGroups(groups: readonly (readonly string[])[], threshold: number): string {
  const directory = mkdtempSync(join(tmpdir(), 'flux-sops-test-'))
  try {
    const key_groups = groups.map((age) => ({ age }))
    const rules = { creation_rules: [{ shamir_threshold: threshold, key_groups }] }
    writeFileSync(join(directory, '.sops.yaml'), JSON.stringify(rules))
    writeFileSync(join(directory, 'x.yaml'), 'kind: Secret\nstringData:\n  a: one\n')
    return execFileSync('sops', ['encrypt', 'x.yaml'], { cwd: directory, encoding: 'utf8' })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
