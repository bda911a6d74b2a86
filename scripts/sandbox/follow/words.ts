import type { TakenKind } from './kind-keeper.ts'
import type { State } from './states.ts'

/** What the sandbox is not, once. */
export const limits =
  'no Pod, no Helm release and no other controller works here, so the health of what Kustomizations apply is not waited for'

/** The kinds that were taken although nothing defines them, as one line; none where there are none. */
export function kindLines(kinds: readonly TakenKind[]): string[] {
  if (kinds.length === 0) return []
  const names = kinds.map(({ group, kind }) => `${kind} (${group})`).toSorted()
  return [`taken as they are, for nothing here defines them: ${names.join(', ')}`]
}

/** What became of the Kustomizations at a commit: a summary, then a line for each that is not Ready, what failed before what waits for it. */
export function stateLines(states: ReadonlyMap<string, State>, commit: string): string[] {
  const all = [...states].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const lines = (wanted: State['state']) =>
    all.flatMap(([id, state]) => (state.state === wanted ? [`Kustomization ${id} ${wordsOf(state)}`] : []))
  const ready = lines('ready').length
  const count = ready === all.length ? `all ${ready}` : `${ready} of ${all.length}`
  return [
    `${commit}: ${count} Kustomizations are Ready`,
    ...lines('failed'),
    ...waitingLines(all),
    ...lines('suspended'),
    ...lines('busy'),
  ]
}

/** One line for all that wait for the same. */
function waitingLines(all: readonly (readonly [string, State])[]): string[] {
  const waiting = all.flatMap(([id, state]) =>
    state.state === 'waits' ? [{ id, for: state.for.join(', ') }] : [],
  )
  return [...Map.groupBy(waiting, (one) => one.for)].map(([reason, ids]) => {
    const names = ids.map(({ id }) => id).join(', ')
    return `waiting for ${reason}: ${names}`
  })
}

/** The longest reason that is shown, in letters: sops' own can fill a screen. */
const longest = 300

function wordsOf(state: State): string {
  switch (state.state) {
    case 'ready':
      return 'is Ready'
    case 'busy':
      return 'has not come to an end yet'
    case 'suspended':
      return 'is suspended'
    case 'waits':
      return `waits for ${state.for.join(', ')}`
    case 'failed':
      return `is not Ready: ${state.why.length > longest ? `${state.why.slice(0, longest)} …` : state.why}`
  }
}

/** What became of the Kustomizations, for `--json`. */
export function statesJson(states: ReadonlyMap<string, State>): object[] {
  return [...states]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, state]) => {
      const [namespace, name] = id.split('/')
      const because = {
        ...(state.state === 'failed' && { why: state.why }),
        ...(state.state === 'waits' && { waitsFor: state.for }),
      }
      return { namespace, name, state: state.state, ...because }
    })
}
