import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { makeOnce } from '../../../scripts/sandbox/cache-directory.ts'
import { startProgram } from '../program.ts'

/** What the judge is asked: to decrypt where there are identities, else to encrypt (judge.go). */
export interface Question {
  format: string
  /** In base64. */
  text: string
  groups?: string[][]
  threshold?: number
  selector?: string
  selected?: string
  macOnly?: boolean
  /** Age identities, with blanks between them. */
  identities?: string
}

export interface Answer {
  /** The encrypted file, in base64. */
  text?: string
  /** Where it failed; empty where it did not. */
  stage: '' | 'load' | 'key' | 'tree' | 'mac' | 'emit' | 'panic'
  /** Digests of what was decrypted. */
  values?: string
  comments?: string
}

const source = join(import.meta.dirname, 'judge.go')
const module = join(import.meta.dirname, '..', '..', '..', 'sandbox')

/** Builds the judge with the sops of the sandbox, once for each version of both. */
async function buildJudge(): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(source))
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(module, file)))
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'flux-sops-tasks', 'judge')
  const place = join(cache, hash.digest('hex').slice(0, 16))
  await makeOnce(place, async ({ target, temporary }) => {
    const env = { ...process.env, GOTMPDIR: temporary, GOFLAGS: '-mod=readonly', GOWORK: 'off' }
    const args = ['go', 'build', '-ldflags', '-s -w', '-o', join(target, 'judge'), source]
    const { code, stderr } = await startProgram(args, { cwd: module, env }).ended
    if (code !== 0) throw new Error(`cannot build the judge: ${stderr}`)
  })
  return join(place, 'judge')
}

/** Asks sops, all in one process. @returns an answer for each question */
export async function ask(questions: readonly Question[]): Promise<Answer[]> {
  const env = { HOME: '/nonexistent', PATH: process.env.PATH }
  const judge = spawn(await buildJudge(), [], { stdio: ['pipe', 'pipe', 'inherit'], env })
  const answers: Answer[] = []
  judge.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(''))
  for await (const line of createInterface({ input: judge.stdout })) answers.push(JSON.parse(line))
  if (answers.length !== questions.length) throw new Error(`${answers.length} of ${questions.length} answers`)
  return answers
}
