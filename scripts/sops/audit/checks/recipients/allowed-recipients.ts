import { resolve } from 'node:path'
import { type Finding, type FindingPlace, finding } from '../../../../findings/finding.ts'
import { UserError } from '../../../../lib/errors.ts'
import { recipientsOfStanzas, shortRecipient } from '../../../../lib/sops/recipients.ts'
import { plainRecipient } from '../../../../lib/sops/rule-keys.ts'
import type { Check } from '../../check.ts'
import { readRegularFile } from '../../regular-file.ts'
import { judgedRules } from '../rules/judged-rules.ts'
import { recipientPlace } from './recipient-place.ts'

/**
 * Holds the recipients of age in files and rules against the list of `--recipients`. Other keys are not on such a list.
 * @throws UserError where it can't be read, or has a line that is no recipient
 */
export const checkAllowedRecipients: Check = async (subject, sopsFiles) => {
  const { recipients: list, caller } = subject.options
  if (list === undefined) return []
  const allowed = await readAllowed(resolve(caller.cwd, list), list)
  const say = (recipient: string, place: FindingPlace): Finding[] =>
    allowed.has(recipient)
      ? []
      : [finding('recipient-not-allowed', place, { recipient: shortRecipient(recipient) })]
  return [
    ...judgedRules(subject).flatMap(({ file, rules = [] }) =>
      rules.flatMap((rule) => {
        const named = new Set(rule.groups.flatMap(({ age }) => age))
        return [...named].flatMap((recipient) => say(recipient, { file, ...rule.placeOf('age') }))
      }),
    ),
    ...sopsFiles.flatMap(({ file, metadata }) => {
      if (!metadata) return []
      const named = new Set(recipientsOfStanzas(metadata.groups).map(plainRecipient))
      return [...named].flatMap((recipient) =>
        say(recipient, recipientPlace(subject, file, metadata, recipient)),
      )
    }),
  ]
}

/**
 * Reads a list of recipients: one a line, comments behind `#`.
 * @param name of the file, for people
 * @throws UserError; it quotes nothing of the file, in which may be a private key by mistake
 */
async function readAllowed(path: string, name: string): Promise<Set<string>> {
  const what = `the recipients in ${name}`
  const text = readRegularFile(path, what)
  if (text === undefined) throw new UserError(`cannot read ${what}: there is no such file`)
  const { bech32 } = await import('@scure/base')
  const isRecipient = (line: string) =>
    /^ssh-(?:ed25519|rsa) [A-Za-z0-9+/=]+(?: |$)/.test(line) ||
    (line.startsWith('age1') && bech32.decodeUnsafe(line, false) !== undefined)
  const lines = text.split('\n').map((line) => line.replace(/(?:^|\s)#.*/, '').trim())
  const wrong = lines.findIndex((line) => line !== '' && !isRecipient(line))
  if (wrong < 0) return new Set(lines.filter(Boolean).map(plainRecipient))
  throw new UserError(`line ${wrong + 1} of ${name} is no recipient of age`, {
    hint: 'write one recipient a line, as `age-keygen -y` prints it; comments begin with #',
  })
}
