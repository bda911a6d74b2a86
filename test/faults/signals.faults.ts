import { defineCells, type Fault } from './cell.ts'
import type { Stage } from './moments.ts'

const sample = {
  SIGINT: ['create', 'applied'],
  SIGTERM: ['remove'],
  SIGQUIT: ['source'],
  SIGKILL: ['create', 'value'],
} satisfies Record<string, readonly Stage[]>

const send = (signal: keyof typeof sample): Pick<Fault, 'name' | 'sample' | 'strike' | 'lasts'> => ({
  name: signal,
  sample: sample[signal],
  strike({ started }) {
    started.child.kill(signal)
    return undefined
  },
  lasts: 0,
})

defineCells([
  ...(['SIGINT', 'SIGTERM', 'SIGQUIT'] as const).map(
    (signal): Fault => ({ ...send(signal), codes: () => [2], finding: 'interrupted' }),
  ),
  { ...send('SIGKILL'), codes: () => ['killed'] },
])
