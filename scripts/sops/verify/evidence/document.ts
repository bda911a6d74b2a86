import type { Controller, Snapshot } from '../../../diagnosis/snapshot/snapshot.ts'
import type { ComparedValue } from '../../../diagnosis/values/compared.ts'
import type { Result } from '../result.ts'
import type { Stage } from '../stages.ts'
import { taskVersion } from './version.ts'

/** The version of the document, which docs/evidence.schema.json describes. */
const documentVersion = 1

/** A controller of Flux. */
interface ControllerVersion {
  name: string
  image: string
}

/** An object that was compared. */
export interface EvidenceObject {
  kustomization: string
  commit: string
  files: readonly string[]
  kind: string
  namespace?: string | undefined
  name: string
  status: string
  keys: readonly string[]
  why?: { code: string; message: string } | undefined
  uid?: string | undefined
  resourceVersion?: string | undefined
  values: readonly ComparedValue[]
}

/** What a run has proved. It holds no value. */
export interface EvidenceDocument {
  task: 'sops:verify'
  /** The version of the document. */
  evidence: number
  /** Of these tasks. */
  version: string
  way: 'existing' | 'round-trip'
  result: Result
  /** ISO 8601. */
  started: string
  ended: string
  /** Of the kubeconfig. */
  context?: string | undefined
  controllers: readonly ControllerVersion[]
  kustomizations: readonly { name: string; revision?: string | undefined }[]
  /** `existing`. */
  objects?: readonly EvidenceObject[]
  notSeen?: readonly { kustomization: string; code: string; message: string }[]
  /** `round-trip`. */
  stages?: readonly Stage[]
  commits?: { created?: string | undefined; removed?: string | undefined }
  secret?:
    | { namespace: string; name: string; uid?: string | undefined; resourceVersion?: string | undefined }
    | undefined
  findings?: readonly { code: string; object?: string; message: string; fix: string }[]
}

/** What stands in the evidence of every run. */
export function evidenceHead(
  way: EvidenceDocument['way'],
  {
    started,
    result,
    context,
    controllers,
  }: {
    started: Date
    result: Result
    context: Snapshot['context'] | undefined
    controllers: readonly Controller[]
  },
) {
  return {
    task: 'sops:verify' as const,
    evidence: documentVersion,
    version: taskVersion(),
    way,
    result,
    started: started.toISOString(),
    ended: new Date().toISOString(),
    context,
    controllers: controllers.flatMap(({ metadata: { name }, spec }) =>
      spec.template.spec.containers.slice(0, 1).map(({ image }) => ({ name, image })),
    ),
  }
}
