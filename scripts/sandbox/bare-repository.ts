import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../lib/run.ts'

/** gc and maintenance are off because no git process may work on in the background when the sandbox stops. */
const repositorySettings = `[http]
\treceivepack = true
[receive]
\tshallowUpdate = true
[gc]
\tauto = 0
[maintenance]
\tauto = false
`

/** Makes a bare repository that accepts pushes. @returns `path` */
export async function createBareRepository(
  path: string,
  branch: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const own = { PATH: env.PATH, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' }
  await run(['git', 'init', '--quiet', '--bare', '--template=', `--initial-branch=${branch}`, path], {
    env: own,
  })
  appendFileSync(join(path, 'config'), repositorySettings)
  return path
}
