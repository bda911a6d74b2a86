import type { Fault } from './cell.ts'
import type { Stage } from './moments.ts'
import { end, pause, type Service } from './services.ts'
import { withOwnPlace } from './within.ts'

/** How a service stops, and what is right then. */
interface Stop extends Pick<Fault, 'codes'> {
  /** How long it is paused, in ms. */
  pause: number
  /** The stages of the pause that belong to the sample. */
  sample: readonly Stage[]
}

/** A service that stops, and goes on or is started again. */
export function serviceFaults(service: Service, stop: Stop): Fault[] {
  return [
    {
      name: `${service} paused`,
      sample: stop.sample,
      strike: ({ place }) => pause(place.sandbox, service),
      lasts: stop.pause,
      codes: stop.codes,
    },
    {
      name: `${service} ended and started again`,
      within: withOwnPlace,
      strike: ({ place }) => end(place.sandbox, service),
      lasts: 1_000,
      codes: stop.codes,
    },
  ]
}
