/** Which Secret a key is in. */
export interface KeySecretId {
  namespace: string
  name: string
}

/** How findings name a key Secret: `secret flux-system/sops-age`. */
export function secretOf({ namespace, name }: KeySecretId): string {
  return `secret ${namespace}/${name}`
}

/** The flags with which `flux:sops-key` writes a Secret; nothing for the one that it writes by itself. */
export function flagsFor({ namespace, name }: KeySecretId): string {
  const flags = [
    ...(namespace === 'flux-system' ? [] : [` --namespace ${namespace}`]),
    ...(name === 'sops-age' ? [] : [` --name ${name}`]),
  ]
  return flags.join('')
}

/**
 * The facts of a data key that the controller cannot read.
 * @param reason what is wrong with which line, and no more of it; `undefined` where the controller says it itself
 */
export function unusableEntry(
  secret: KeySecretId,
  { dataKey, reason }: { dataKey: string; reason: string | undefined },
): Record<'namespace' | 'name' | 'dataKey' | 'reason' | 'patch', string> {
  const patch = JSON.stringify([{ op: 'remove', path: `/data/${dataKey}` }])
  return { ...secret, dataKey, reason: reason === undefined ? '' : ` (${reason})`, patch }
}
