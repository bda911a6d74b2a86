import { join } from 'node:path'
import { reasonFindings } from '../findings/catalogue/reasons.ts'
import { testSecretFindings as found } from '../findings/catalogue/test-secret.ts'
import { fixOf, seenOf } from '../findings/entry.ts'
import { describeNotApplied } from '../findings/not-applied.ts'
import { errorOf } from '../findings/user-error.ts'
import type { Caller, Report } from '../lib/caller.ts'
import { exit } from '../lib/errors.ts'
import { refuseUncommitted } from '../lib/git/commit.ts'
import { shortCommit } from '../lib/git/git.ts'
import { namesFrom, pathBelow } from '../lib/paths.ts'
import { nameOf as nameOfKustomization } from '../lib/repository/flux-file.ts'
import { rows } from '../lib/rows.ts'
import { describeRule, recipientsInRules } from '../lib/sops/creation-rules.ts'
import { requireIdentities } from '../lib/sops/key.ts'
import { textAt, valueAt } from '../lib/yaml/values.ts'
import { commitChanges, createMessage } from './test-secret/commit.ts'
import { checkName, findDestination, pathsOf } from './test-secret/destination.ts'
import { createTestSecret } from './test-secret/test-secret.ts'

/** What the user wants of `sops:test-create`. */
export interface TestCreateOptions {
  /** The Flux Kustomization as `findKustomization` takes it; `undefined`: it is chosen (`chooseKustomization`). */
  kustomization: string | undefined
  /** Of the Secret and of its directory. */
  name: string
  namespace: string
  message: string
  /** Of the Secret, in its directory; `undefined`: one that the creation rules select. */
  fileName: string | undefined
  /** With the age private key, `-` for stdin; `undefined`: found as sops and we do. */
  keyFile: string | undefined
  commit: boolean
  caller: Caller
}

/**
 * Writes an encrypted test Secret into the path of a Flux Kustomization. It is decrypted with the key at hand and compared,
 * and the path is built; where that or the commit fails, all files are as they were.
 *
 * @throws UserError where it cannot be made (exit 2) or must not be made (exit 1). Nothing that is printed holds the message
 *   or the key.
 */
export async function testCreate(options: TestCreateOptions): Promise<Report> {
  const { name, namespace, message, caller } = options
  const { cwd, env, signal } = caller
  checkName('--namespace', namespace)
  if (message === '') throw errorOf(found['message-empty'], {})
  const { repository, kustomization, place } = await findDestination(options, caller, false)
  const { root, path } = place
  const nameOf = (file: string) => namesFrom(cwd)(join(root, file))
  const key = await requireIdentities({
    keyFile: options.keyFile,
    cwd,
    root,
    env,
    signal,
    recipients: () => recipientsInRules(repository),
  })
  if (options.commit) await refuseUncommitted(repository, pathsOf(place), nameOf)
  const created = await createTestSecret(
    place,
    { namespace, message },
    { ...caller, key, fileName: options.fileName },
  )
  const commit = options.commit
    ? await commitChanges(repository, created, createMessage(name), caller)
    : undefined

  const { result, files, recipients, built, by } = created
  const called = nameOfKustomization(kustomization)
  const targetNamespace = textAt(kustomization.value, 'spec', 'targetNamespace')
  const inCluster = { name: built.name, namespace: targetNamespace ?? built.namespace }
  if (inCluster.name !== name || inCluster.namespace !== namespace) {
    const secret = `${inCluster.namespace}/${inCluster.name}`
    caller.note(`warning: ${seenOf(found['placed-elsewhere'], { secret })}`)
  }
  if (kustomization.notApplied)
    caller.note(
      `warning: ${seenOf(found['nothing-applies'], { kustomization: called, why: describeNotApplied(kustomization.notApplied) })}`,
    )
  if (valueAt(kustomization.value, 'spec', 'decryption') === undefined) {
    const entry = reasonFindings['no-decryption']
    const facts = { where: '', root: '' }
    caller.note(`warning: ${called} ${seenOf(entry, facts)}: ${fixOf(entry, facts)}`)
  }
  return {
    exitCode: exit.done,
    lines: [
      `secret/${name} ${result}`,
      ...rows({
        namespace: inCluster.namespace,
        kustomization: `${called} (${nameOf(kustomization.file)})`,
        files: files.map(nameOf),
        'encrypted to': recipients,
        by: by && describeRule(by),
        'key from': key.source,
        commit: commit && shortCommit(commit),
      }),
    ],
    json: {
      result,
      kustomization: nameOfKustomization(kustomization),
      path: pathBelow(root, path),
      secret: inCluster,
      files,
      recipients,
      ...(by && { rule: { file: by.ruleFile.name, number: by.rule.number, path_regex: by.rule.pathRegex } }),
      key: key.source,
      ...(commit && { commit }),
    },
  }
}
