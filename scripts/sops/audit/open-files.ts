import { setImmediate } from 'node:timers/promises'
import type { Finding } from '../../findings/finding.ts'
import { openSopsFile } from '../../lib/sops/files/open-sops-file.ts'
import type { Reading } from '../../lib/sops/reader/reading.ts'
import type { SopsFile, Subject } from './subject.ts'

/** How many files are read at once: git, which is asked for older versions of some, runs beside our thread. */
const atOnce = 16

/** Looks at one SOPS file. @param reading holds secrets, and is gone afterwards */
export type FileCheck = (
  file: string,
  reading: Reading,
  subject: Subject,
) => readonly Finding[] | Promise<readonly Finding[]>

/**
 * Reads all SOPS files, each once, and lets the checks of single files look at them.
 * @returns the SOPS files without their values, in the order of their names
 */
export async function openFiles(
  subject: Subject,
  checks: readonly FileCheck[],
): Promise<{ sopsFiles: SopsFile[]; findings: Finding[] }> {
  const { options } = subject
  const waiting = [...(subject.marked.get('sops') ?? [])]
  const sopsFiles: SopsFile[] = []
  const findings: Finding[] = []
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      // only between files a signal is heard
      await setImmediate()
      options.caller.signal.throwIfAborted()
      const bytes = subject.read(file)
      if (!bytes) continue
      const reading = await openSopsFile(file, bytes, subject)
      if (!reading) continue
      const { format, verdict, unsure, faults, metadata } = reading
      sopsFiles.push({
        file,
        format,
        verdict,
        faults,
        ...(unsure && { unsure }),
        ...(metadata && { metadata }),
      })
      for (const check of checks) findings.push(...(await check(file, reading, subject)))
    }
  }
  try {
    await Promise.all(Array.from({ length: atOnce }, work))
  } finally {
    // where one has failed, the others are not to go on
    waiting.length = 0
  }
  return { sopsFiles: sopsFiles.toSorted((a, b) => (a.file < b.file ? -1 : 1)), findings }
}
