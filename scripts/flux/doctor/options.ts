import type { Caller } from '../../lib/caller.ts'

/** What the user wants of `flux:doctor`. */
export interface DoctorOptions {
  /** Only what concerns these: `apps` (in flux-system) or `namespace/name`. None: all. */
  kustomizations: readonly string[]
  /** Of the kubeconfig; the current one where `undefined`. */
  context: string | undefined
  /** The only namespace to look into; all where `undefined`. */
  namespace: string | undefined
  /** How long to wait at most until Flux has come to its end, as `5m`; not at all where `undefined`. */
  wait: string | undefined
  /** Name the Kustomizations that each cause stops. */
  names: boolean
  caller: Caller
}
