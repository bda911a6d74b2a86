import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkNotRead } from '../../../scripts/diagnosis/checks/not-read.ts'
import { gatherEvidence } from '../../../scripts/diagnosis/evidence.ts'
import { readOthers } from '../../../scripts/diagnosis/live/read-others.ts'
import { worded } from '../../../scripts/findings/finding.ts'
import { openCluster } from '../../../scripts/lib/cluster/kubectl.ts'
import { appliedKustomization, snapshotWith } from '../../helpers/diagnosis/snapshot.ts'
import { withDirectory } from '../../helpers/files.ts'
import { writeKubeconfig } from '../../helpers/kubeconfig.ts'
import { userEnvironment } from '../../helpers/user.ts'

const resources = (kind: string, name: string) =>
  JSON.stringify({ resources: [{ kind, name, verbs: ['list'] }] })
const failure = (code: number, reason: string, message: string) =>
  JSON.stringify({ kind: 'Status', status: 'Failure', code, reason, message })

/** What an API server answers that may not tell everything, by the beginning of the path. */
const answers: [path: string, code: number, text: string][] = [
  [
    '/apis/broken.example/v1',
    503,
    failure(503, 'ServiceUnavailable', 'the server is currently unable to handle the request'),
  ],
  [
    '/apis/closed.example/v1/things',
    403,
    failure(403, 'Forbidden', 'things is forbidden: User "a" cannot list resource "things"'),
  ],
  ['/apis/closed.example/v1', 200, resources('Thing', 'things')],
  [
    '/apis/gone.example/v1',
    404,
    failure(404, 'NotFound', 'the server could not find the requested resource'),
  ],
]

test('an API that does not answer is told from what the user may not list', () =>
  withDirectory(async (directory) => {
    const server = createServer(({ url }, response) => {
      const [, code = 404, text = ''] = answers.find(([path]) => url?.startsWith(path)) ?? []
      response.writeHead(code, { 'content-type': 'application/json' }).end(text)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const KUBECONFIG = writeKubeconfig(directory, `http://127.0.0.1:${port}`, { token: 'x' })
    const env = userEnvironment(directory, { KUBECONFIG })
    const { signal } = new AbortController()
    const cluster = openCluster(undefined, { env, signal, note: () => {} })
    const entries = ['broken', 'closed', 'gone'].map((group) => ({
      id: `default_t_${group}.example_Thing`,
      v: 'v1',
    }))
    const apps = appliedKustomization('apps', { status: { inventory: { entries } } })
    try {
      const applied = await readOthers(cluster, [apps], undefined)
      const snapshot = { ...snapshotWith([apps]), applied: async () => applied }
      const found = await checkNotRead(gatherEvidence(snapshot, undefined, undefined, { env, signal }))
      assert.equal(found.map(({ finding }) => `${finding.code}: ${worded(finding).message}`).toSorted(), [
        'api-broken: cannot read what kinds /apis/broken.example/v1 has: the server is currently unable to handle the request, so nothing was looked for there',
        'kind-unseen: you may not list the things of all namespaces, so nothing was looked for in them',
      ])
    } finally {
      await cluster.close()
      server.close()
    }
  }))

test.run()
