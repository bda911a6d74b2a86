import { defineCells, type Fault } from './cell.ts'
import { end, pause, type Service } from './services.ts'
import { withOwnPlace } from './within.ts'

const services: readonly Service[] = ['kube-apiserver', 'source-controller', 'kustomize-controller']

/** Longer than the API server is given for one answer, in ms. */
const long = 12_000

defineCells(
  services.flatMap((service): Fault[] => [
    {
      name: `${service} paused`,
      sample: service === 'kube-apiserver' ? ['applied'] : [],
      strike: ({ place }) => pause(place.sandbox, service),
      lasts: service === 'kube-apiserver' ? long : 4_000,
      codes: (stage) =>
        service === 'kube-apiserver' && ['checks', 'pruned'].includes(stage) ? [0, 1, 2] : [0],
    },
    {
      name: `${service} ended and started again`,
      within: withOwnPlace,
      sample: service === 'kustomize-controller' ? ['source'] : [],
      strike: ({ place }) => end(place.sandbox, service),
      lasts: 1_000,
      codes: (stage) =>
        service === 'kube-apiserver' && ['checks', 'pruned'].includes(stage) ? [0, 1, 2] : [0],
    },
  ]),
)
