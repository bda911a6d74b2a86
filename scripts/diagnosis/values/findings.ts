import { type Finding, finding } from '../../findings/finding.ts'
import { shortCommit } from '../../lib/git/git.ts'
import type { ComparedObject } from './compared.ts'

/** What is wrong with an object that was compared; `undefined` where nothing is known to be. */
export function findingOfComparison(compared: ComparedObject): Finding | undefined {
  const { kind, namespace, name, kustomization, files, keys, commit, status } = compared
  const place = { object: `${kind.toLowerCase()} ${namespace}/${name}`, file: files[0] }
  const [kustomizationNamespace = '', kustomizationName = ''] = kustomization.split('/')
  const facts = { kustomization, namespace: kustomizationNamespace, name: kustomizationName }
  switch (status) {
    case 'different': {
      const resource = `${kind.toLowerCase()} ${name} --namespace ${namespace}`
      const more = { keys: keys.join(', '), commit: shortCommit(commit), resource }
      return finding('value-different', place, { ...facts, ...more })
    }
    case 'missing':
      return finding('object-missing', place, facts)
    case 'ciphertext':
      return finding('ciphertext', place, { owner: kustomization })
    default:
      return undefined
  }
}
