import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openCluster } from '../../../scripts/lib/cluster/kubectl.ts'
import { type Applied, fresh, old, withApplied } from '../../helpers/flux/applied-key.ts'
import { sopsConfig } from '../../helpers/keys.ts'

/**
 * Runs `use` with a kubeconfig that leads to the API server by way of a server which, when a Secret was written, lets
 * somebody else write it before it answers.
 */
async function behind(
  place: Applied,
  meddle: () => Promise<void>,
  use: (env: NodeJS.ProcessEnv) => Promise<void>,
) {
  const cluster = openCluster(undefined, { env: place.env })
  const socketPath = await cluster.socket
  const server = createServer((asked, answer) => {
    const { method, url: path, headers } = asked
    const passed = request(
      { socketPath, method, path, headers: { ...headers, host: 'localhost' } },
      async (got) => {
        if (method === 'PATCH') await meddle()
        answer.writeHead(got.statusCode ?? 500, got.headers)
        got.pipe(answer)
      },
    )
    asked.pipe(passed)
  })
  try {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const kubeconfig = join(place.directory, 'behind.yaml')
    const { port } = server.address() as AddressInfo
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'behind',
        clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
        contexts: [{ name: 'behind', context: { cluster: 'c', user: 'u' } }],
        users: [{ name: 'u', user: {} }],
      }),
    )
    await use({ ...place.env, KUBECONFIG: kubeconfig })
  } finally {
    server.closeAllConnections()
    server.close()
    await cluster.close()
  }
}

test('a Secret that somebody puts back at once is not called written', () =>
  withApplied({ '.sops.yaml': sopsConfig(old.recipient, fresh.recipient) }, async (place) => {
    await behind(
      place,
      () => place.putSecret(),
      async (env) => {
        const { code, stdout, stderr } = await place.sopsKey([old.secret, fresh.secret], [], { env })
        assert.is(code, 2, stdout)
        assert.match(
          stderr,
          'secret flux-system/sops-age was written, and does not hold this key now: somebody puts it back\nhint: ',
        )
      },
    )
    assert.equal(await place.held(), { 'age.agekey': `${old.secret}\n` })
    await behind(
      place,
      async () => {},
      async (env) => {
        const { code, stderr } = await place.sopsKey([old.secret, fresh.secret], [], { env })
        assert.is(code, 0, stderr)
      },
    )
  }))

test.run()
