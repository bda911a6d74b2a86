import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Corpus, madeCorpus, realCorpus } from '../../helpers/corpus/corpus.ts'
import { type RunningSandbox, withSandboxTask } from '../../helpers/flux/sandbox-task.ts'

/** How many Kustomizations are in each state. */
function counts({ document }: RunningSandbox): Record<string, number> {
  const states = Map.groupBy(document.kustomizations, ({ state }) => state)
  return Object.fromEntries([...states].map(([state, all]) => [state, all.length]).sort())
}

/** Why those that failed did, each reason once, without the names of objects in it. */
function reasons({ document }: RunningSandbox): string[] {
  const all = document.kustomizations.flatMap(({ why }) => why?.replace(/\S+\/\S+/g, 'X') ?? [])
  return [...new Set(all)].sort()
}

async function withSandboxOf(
  corpus: Corpus,
  name: string,
  args: string[],
  use: (sandbox: RunningSandbox) => Promise<void>,
): Promise<void> {
  await corpus.withRepositories(async ([repository]) => withSandboxTask(repository!, args, use), [name])
}

test('a made repository in the layout that Flux documents', () =>
  withSandboxOf(madeCorpus, 'flux-layout', ['--path', 'clusters/production'], async (sandbox) => {
    assert.equal(counts(sandbox), { ready: 4 })
  }))

const real = realCorpus()
if (real) {
  test('a repository of flux bootstrap with Secrets, custom resources and definitions of its own', () =>
    withSandboxOf(real, 'StevenGann__Homelab', [], async (sandbox) => {
      assert.is(sandbox.document.path, 'Hyperion/k8s/clusters/hyperion')
      assert.equal(counts(sandbox), { failed: 13, ready: 15 })
      // its keys are nobody's here, and what they encrypt makes the namespaces of two others
      assert.equal(reasons(sandbox), [
        'X not found: namespaces "hermes" not found',
        'X not found: namespaces "sortarr" not found',
        'secrets "sops-age" not found',
      ])
    }))

  test('a repository before its bootstrap, whose sources a controller makes that does not run here', () =>
    withSandboxOf(
      real,
      'fluxcd__flux2-kustomize-helm-example',
      ['--path', 'clusters/production'],
      async (sandbox) => {
        assert.equal(counts(sandbox), { failed: 3, ready: 1 })
        assert.equal(reasons(sandbox), [
          'its source ExternalArtifact X is made by source-watcher, which does not run here',
        ])
      },
    ))
}

test.run()
