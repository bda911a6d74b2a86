import { resolve } from 'node:path'
import type { Diagnosis } from '../../diagnosis/diagnosis.ts'
import { diagnosesAsJson } from '../../diagnosis/render/json.ts'
import { diagnosisLines } from '../../diagnosis/render/lines.ts'
import type { Code } from '../../findings/catalogue.ts'
import { type Finding, finding, worded } from '../../findings/finding.ts'
import type { Report } from '../../lib/caller.ts'
import { idOf } from '../../lib/cluster/flux-objects.ts'
import { CommandError, exit, Interrupted, type UserError } from '../../lib/errors.ts'
import { type NameOf, namesFrom } from '../../lib/paths.ts'
import type { DoctorAnswer } from './ask-doctor.ts'
import { PushError } from './branch/push.ts'
import type { CleanedUp } from './clean-up.ts'
import { Verdict } from './findings/verdict.ts'
import { resultFor } from './result.ts'
import type { Progress, Session } from './session.ts'
import type { Stage, StageName } from './stages.ts'

/** How a run has ended. */
export interface End {
  /** `undefined` where it came to its end. */
  error: UserError | undefined
  doctor: DoctorAnswer
  cleanedUp: CleanedUp
}

/** What says that the Secret is still there. */
const stayCodes: readonly Code[] = ['left-in-cluster', 'not-pruned', 'still-listed', 'held-by-finalizers']

/** What is left where a run has ended: the last that people read. */
export const leftCodes: readonly Code[] = ['not-cleaned-up', 'cluster-unknown', ...stayCodes]

const isClean = ({ branch, cluster }: CleanedUp) => branch === true && cluster === true

type ExitCode = typeof exit.done | UserError['exitCode']

/** What a proof says, whichever way it was made. */
export interface ProofReport extends Report {
  json: {
    result: 'passed' | 'failed' | 'unknown'
    findings: readonly ShownFinding[]
    [field: string]: unknown
  }
}

/** The report of the task. */
export function verifyReport(
  session: Session,
  progress: Progress,
  { error, doctor, cleanedUp }: End,
): ProofReport {
  const { context, target, secret, created } = progress
  const kustomization = target ? idOf(target.kustomization) : session.options.kustomization
  const isLeft = Object.values(cleanedUp).includes(false)
  const exitCode = isLeft ? exit.no : error ? exitCodeOf(error, created) : exit.done
  const all = error ? withError(findingOf(error, kustomization), session.findings) : session.findings
  const nameOf = namesFrom(session.options.caller.cwd)
  const findings = all.map((found, index) =>
    shownOf(found, error && index === 0 ? fileBehind(found, doctor, nameOf) : undefined),
  )
  const stages = session.stages.all()
  const failed = stages.find(({ status }) => status === 'failed')
  return {
    exitCode,
    lines: [
      ...findings.filter(({ code }) => !leftCodes.includes(code)).flatMap((one) => linesOf(one, failed)),
      verdictLine(exitCode, failed?.name),
      ...doctorLines(doctor, session.options),
      ...findings.filter(({ code }) => leftCodes.includes(code)).flatMap((one) => linesOf(one, failed)),
      ...(error && created && isClean(cleanedUp)
        ? ['nothing is left: the branch and the cluster are clean']
        : []),
    ],
    json: {
      result: resultFor(exitCode),
      context,
      kustomization,
      revision: target && created ? `${target.branch}@sha1:${created}` : undefined,
      secret: secret && `${secret.namespace}/${secret.name}`,
      recipients: session.options.recipients,
      stages,
      findings,
      doctor: error ? diagnosesAsJson(doctor.diagnoses, session.options.context) : undefined,
      cleanedUp,
    },
  }
}

/** Where git, a hook or the server refuses, that is a failure once something was pushed; before, it could not be checked. */
function exitCodeOf(error: UserError, created: string | undefined): ExitCode {
  if (error instanceof Verdict) return error.exitCode
  return created && error instanceof CommandError ? exit.no : exit.notDone
}

/**
 * What an error says that has ended a proof.
 * @param kustomization that it goes through, `namespace/name`
 * @param task how the task is called that the user runs
 */
export function findingOf(
  error: UserError,
  kustomization: string | undefined,
  task = 'sops:verify',
): Finding {
  if (error instanceof Verdict || error instanceof PushError) return error.finding
  const { message, hint } = error
  if (error instanceof Interrupted)
    return finding('interrupted', { object: task }, { message, hint: hint ?? 'run it again' })
  const program = error instanceof CommandError ? message.split(' ')[0] : undefined
  const object = program ?? (kustomization ? `kustomization ${kustomization}` : task)
  return finding('not-checked', { object }, { message, hint: hint ?? 'mend what it says, and run it again' })
}

/** That a stage saw the Secret stay says the same as that it is left. */
function withError(found: Finding, others: readonly Finding[]): Finding[] {
  const isSaid = stayCodes.includes(found.code)
  return [found, ...others.filter(({ code }) => !(isSaid && stayCodes.includes(code)))]
}

/** A finding as the JSON document has it. */
export interface ShownFinding {
  code: Code
  object: string
  message: string
  fix: string
}

/** The file behind what a Kustomization says, which its controller never names; `undefined` where the doctor does not know it. */
function fileBehind(found: Finding, { diagnoses, root }: DoctorAnswer, nameOf: NameOf): string | undefined {
  const isAbout = ({ stops }: Diagnosis) => stops.some((id) => found.object === `kustomization ${id}`)
  const file = diagnoses.find(isAbout)?.finding.file
  return file === undefined || root === undefined ? undefined : nameOf(resolve(root, file))
}

/** @param file behind it */
function shownOf(found: Finding, file: string | undefined): ShownFinding {
  const { message, fix } = worded(found)
  const declared = file === undefined ? '' : `\nit is declared in ${file}`
  return { code: found.code, object: `${found.object}`, message: `${message}${declared}`, fix }
}

/** The line of the stage that failed has said the first sentence of why. */
function linesOf({ object, message, fix }: ShownFinding, stage: Stage | undefined): string[] {
  const [sentence = '', ...others] = message.split('\n')
  const isSaid = stage !== undefined && [sentence, `${object}: ${sentence}`].includes(stage.detail)
  const lines = [isSaid ? `${object}, at ${stage.name}:` : `${object}: ${sentence}`]
  return [...lines, ...[...others, `hint: ${fix}`].map((line) => `  ${line}`)]
}

function verdictLine(exitCode: ExitCode, stage: StageName | undefined): string {
  if (exitCode === exit.done)
    return 'proved: what is encrypted in the repository arrives decrypted in the cluster, and goes when it is removed'
  return exitCode === exit.no
    ? `failed${stage ? ` at ${stage}` : ''}`
    : `could not be checked${stage ? `: ended at ${stage}` : ''}`
}

/** What the doctor says, below the verdict. */
function doctorLines(
  { diagnoses, root }: DoctorAnswer,
  { caller: { cwd }, context }: Session['options'],
): string[] {
  const lines = diagnosisLines(diagnoses, { root, cwd, names: true, context })
  return lines.length > 0 ? ['', 'flux:doctor says:', '', ...lines] : []
}
