import { shellWord } from '../../lib/paths.ts'

/** The programs that ask a cluster, where a command calls them. */
const callers = [
  /\bkubectl(?= [a-z])/g,
  /\bflux(?= (?:resume|reconcile|suspend|get|logs|events)\b)/g,
  /\bmise run (?:flux:(?:sops-key|doctor)|sops:verify)\b/g,
]

/**
 * What is to be done, in the cluster that was looked at: its commands name the context.
 * @param context `undefined`: the current one, which needs no name
 */
export function withContext(fix: string, context: string | undefined): string {
  if (context === undefined) return fix
  const named = (command: string) =>
    callers.reduce((text, caller) => text.replace(caller, `$& --context ${shellWord(context)}`), command)
  return fix
    .split('`')
    .map((part, index) => (index % 2 === 1 ? named(part) : part))
    .join('`')
}
