import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withFreePort } from './port.ts'
import { logHolds, type Process, type Surroundings, startProcess, waitUntilReady } from './process.ts'

/** The Flux controllers that a sandbox runs. */
export type ControllerName = 'source-controller' | 'kustomize-controller'

/** What a controller logs when it begins to reconcile objects of a kind; it waits for nothing after it. */
const working = (kind: string) => `"msg":"Starting workers","controller":"${kind}"`

/**
 * Starts one of the Flux controllers and waits until it reconciles.
 * @param bin the directory of the programs
 * @param around `env` names the cluster (KUBECONFIG) and is all that the controller gets to see
 * @param flags added behind ours, so they win
 * @throws UserError with the end of its log where it does not start
 */
export function startController(
  name: ControllerName,
  bin: string,
  around: Surroundings,
  flags: readonly string[] = [],
): Promise<Process> {
  return name === 'source-controller'
    ? startSourceController(bin, around, flags)
    : startKustomizeController(bin, around, flags)
}

const common = ['--metrics-addr=0', '--health-addr=0']

function startSourceController(
  bin: string,
  around: Surroundings,
  flags: readonly string[],
): Promise<Process> {
  const storage = join(around.state.path, 'artifacts')
  mkdirSync(storage, { recursive: true })
  // answers under this name only where the port is really ours
  const mark = randomUUID()
  writeFileSync(join(storage, mark), '')
  return withFreePort(async (port) => {
    const address = `127.0.0.1:${port}`
    const storageFlags = [
      `--storage-path=${storage}`,
      `--storage-addr=${address}`,
      `--storage-adv-addr=${address}`,
    ]
    const args = [join(bin, 'source-controller'), ...common, ...storageFlags, ...flags]
    const controller = startProcess(args, around)
    const serves = () =>
      fetch(`http://${address}/${mark}`).then(
        (answer) => answer.ok,
        () => false,
      )
    await waitUntilReady(
      controller,
      async () => logHolds(controller.log, working('gitrepository')) && (await serves()),
      around,
    )
    return controller
  })
}

async function startKustomizeController(
  bin: string,
  around: Surroundings,
  flags: readonly string[],
): Promise<Process> {
  const args = [join(bin, 'kustomize-controller'), ...common, '--no-remote-bases', ...flags]
  const controller = startProcess(args, around)
  await waitUntilReady(controller, async () => logHolds(controller.log, working('kustomization')), around)
  return controller
}
