import { execFileSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { silentCaller } from '../helpers/caller.ts'
import { manyKustomizations } from '../helpers/flux/many-kustomizations.ts'
import { withRepository } from '../helpers/repository.ts'
import { decryptEverything } from './decrypt-everything.ts'
import { compare, type Pair } from './pairs.ts'

/** As many as a large repository of one team has. */
const namespaces = 31

/**
 * A run of `flux:enable-decryption` that edits all Kustomizations of a generated repository, beside `kustomize build` of each
 * directory with a kustomization file, once; and one of twice the size.
 * @param PATH with kustomize
 */
export async function benchEdits(
  runs: number,
  PATH: string,
  row: (title: string, pair: Pair, target: string) => void,
) {
  await withRepository(manyKustomizations(namespaces), (once) =>
    withRepository(manyKustomizations(2 * namespaces), async (twice) => {
      const edit = async ({ root, env }: { root: string; env: NodeJS.ProcessEnv }) => {
        execFileSync('git', ['checkout', '--quiet', '.'], { cwd: root, env })
        await enableEverywhere(root, { ...env, PATH })
      }
      row(
        'flux:enable-decryption writes / every build',
        await compare(
          runs,
          () => edit(once),
          () => buildAll(once.root, PATH),
        ),
        '0.50',
      )
      row(
        '… of twice the size / twice',
        await compare(
          runs,
          () => edit(twice),
          async () => {
            await edit(once)
            await edit(once)
          },
        ),
        '1.10',
      )
    }),
  )
}

async function enableEverywhere(cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  await decryptEverything(silentCaller(cwd, env), false)
}

function buildAll(cwd: string, PATH: string): void {
  for (const file of globSync('**/kustomization.yaml', { cwd }))
    execFileSync('kustomize', ['build', join(cwd, dirname(file))], { env: { PATH }, stdio: 'ignore' })
}
