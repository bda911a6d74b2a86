import { causes } from './causes.ts'
import type { ConditionFinding, Said, Words } from './finding.ts'

/** The words for what a Kustomization says of itself. */
export function conditionWords({ code, facts }: ConditionFinding): Words {
  const { namespace, name, says, state, keySecret } = facts
  const cause = causes.find((one) => one.code === code)
  const likely = cause ? `\nlikely cause: ${cause.cause}` : ''
  return {
    message: `${beginnings[state]}${says ? quote(says) : 'has no Ready condition'}${likely}`,
    fix:
      keyFix(code, namespace, keySecret) ??
      cause?.fix ??
      (says
        ? `kubectl describe kustomization ${name} -n ${namespace}`
        : 'see whether kustomize-controller runs: `kubectl get pods -A -l app=kustomize-controller`'),
  }
}

/** Where the key has to be: what is written elsewhere does not mend it. */
function keyFix(code: string, namespace: string, keySecret: string | undefined): string | undefined {
  if (!['key-secret-missing', 'key-unusable', 'no-identity'].includes(code)) return undefined
  if (keySecret === undefined)
    return 'name the key Secret in spec.decryption.secretRef (`mise run flux:enable-decryption`), or put the identity where the flag --sops-age-secret of kustomize-controller says'
  const flags = [
    ...(namespace === 'flux-system' ? [] : ['--namespace', namespace]),
    ...(keySecret === 'sops-age' ? [] : ['--name', keySecret]),
  ]
  return `\`${['mise run flux:sops-key', ...flags].join(' ')}\` writes a checked key`
}

const beginnings = {
  before: 'is failing already, at the commit that Flux has: ',
  failed: '',
  applied: 'applied the commit, but is not ready: ',
} as const

/** What a controller says. */
export const quote = ({ reason, message }: Said) => `${reason}: ${message}`
