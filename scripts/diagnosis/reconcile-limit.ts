import type { Kustomization } from '../lib/cluster/flux-objects.ts'
import { readDuration } from '../lib/duration.ts'

const minute = 60_000

/**
 * How long a Kustomization may take to come to something new, in ms: an interval, and the timeout of what may be at work
 * (kustomize-controller v1.9.4 api/v1/kustomization_types.go, GetTimeout).
 */
export function reconcileLimit({ spec }: Kustomization): number {
  const interval = readDuration(spec.interval ?? '') ?? 60 * minute
  return interval + (readDuration(spec.timeout ?? '') ?? interval) + minute
}

/** A time in ms as people say it: `90 minutes`, `3 hours`. */
export function spokenTime(time: number): string {
  const minutes = Math.round(time / minute)
  return minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`
}
