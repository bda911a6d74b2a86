import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  kustomizationObject,
  ownSource,
  plainCase,
  sourceCase,
  sourceObject,
} from '../../helpers/diagnosis/object-cases.ts'
import { diagnoseCases } from '../../helpers/flux/diagnose-cases.ts'
import type { FluxCase } from '../../helpers/flux/run-cases.ts'

/** A server that wants to know who asks. */
async function withLockedServer<T>(use: (url: string) => Promise<T>): Promise<T> {
  const server = createServer((_, response) => {
    response.writeHead(401, { 'WWW-Authenticate': 'Basic' })
    response.end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.close()
  }
}

const credentials =
  'apiVersion: v1\nkind: Secret\nmetadata: {name: login, namespace: flux-system}\nstringData: {username: a, password: b}\n'
const from = (name: string) => `  path: ./\n  sourceRef: {kind: GitRepository, name: ${name}}\n`

test('a source that does not fetch is the headline, with its cause', () =>
  withLockedServer(async (locked) => {
    const cases: [FluxCase, code: string | undefined, says: RegExp][] = [
      [sourceCase('good', 'url: "$URL", ref: {branch: main}'), undefined, /^$/],
      [
        sourceCase('dead', 'url: "http://127.0.0.1:1/x"'),
        'source-unreachable',
        /: dial tcp 127\.0\.0\.1:1: connect: connection refused$/,
      ],
      [sourceCase('no-host', 'url: "https://no-such-host.invalid/x"'), 'source-unreachable', /no such host$/],
      [
        sourceCase('certificate', 'url: "$API/x"'),
        'certificate-refused',
        /x509: certificate signed by unknown authority$/,
      ],
      [sourceCase('empty', 'url: "$EMPTY", ref: {branch: main}'), 'repository-empty', /no commit yet$/],
      [
        sourceCase(
          'no-public-key',
          'url: "$URL", ref: {branch: main}, verify: {mode: HEAD, secretRef: {name: pgp}}',
        ),
        'source-secret-missing',
        /the Secret flux-system\/pgp that it names/,
      ],
      [
        sourceCase('sparse', 'url: "$URL", ref: {branch: main}, sparseCheckout: [good]'),
        'not-checked-out',
        /leaves sparse out/,
      ],
      [
        sourceCase('ignore', 'url: "$URL", ref: {branch: main}, ignore: "ignore/"'),
        'out-of-artifact',
        /^spec\.ignore leaves ignore out/,
      ],
      [
        sourceCase('branch', 'url: "$URL", ref: {branch: nope}'),
        'reference-missing',
        /no branch nope; it has the branches main$/,
      ],
      [sourceCase('no-ref', 'url: "$URL"'), 'reference-missing', /no branch master; it has/],
      [sourceCase('tag', 'url: "$URL", ref: {tag: v1}'), 'reference-missing', /no tag v1/],
      [
        sourceCase('range', 'url: "$URL", ref: {semver: ">1"}'),
        'reference-missing',
        /no tag of the version range >1/,
      ],
      [sourceCase('gone', 'url: "$URL-nope"'), 'repository-not-found', /there is no repository at http:/],
      [
        sourceCase('commit', `url: "$URL", ref: {branch: main, commit: "${'1'.repeat(40)}"}`),
        'commit-missing',
        /no commit 1{40}/,
      ],
      [
        sourceCase('refused', `url: "${locked}/x"`),
        'credentials-refused',
        /refuses to be read without credentials/,
      ],
      [
        { ...sourceCase('denied', `url: "${locked}/x", secretRef: {name: login}`), keys: { x: 'y' } },
        'credentials-refused',
        /the credentials of Secret flux-system\/login$/,
      ],
      [
        sourceCase('no-secret', `url: "${locked}/x", secretRef: {name: nope}`),
        'source-secret-missing',
        /the Secret flux-system\/nope /,
      ],
      [sourceCase('ssh', 'url: "ssh://git@127.0.0.1:1/x"'), 'credentials-unusable', /'identity' is required/],
      [
        sourceCase(
          'unsigned',
          'url: "$URL", ref: {branch: main}, verify: {mode: HEAD, secretRef: {name: login}}',
        ),
        'source-unverified',
        /signature/,
      ],
      [sourceCase('bad-url', 'url: "http://[::1"'), 'source-url-invalid', /missing '\]' in host/],
      [
        sourceCase('oci', 'url: "oci://127.0.0.1:1/some"', 'OCIRepository'),
        'source-unreachable',
        /connection refused/,
      ],
      [
        sourceCase('bucket', 'endpoint: "127.0.0.1:1", bucketName: some, insecure: true', 'Bucket'),
        'source-unreachable',
        /connection refused/,
      ],
      [sourceCase('paused', 'url: "$URL", suspend: true'), 'suspended', /sees no new commit/],
      [
        plainCase('typo', '', { objects: kustomizationObject('typo', from('flux-sytem')) }),
        'source-missing',
        /^is not in the cluster; there are flux-system\/flux-system, /,
      ],
      [
        plainCase('elsewhere', '', {
          objects: [
            sourceObject('other', 'url: "$URL", ref: {branch: main}', 'GitRepository', 'default'),
            kustomizationObject('elsewhere', from('other')),
            kustomizationObject(
              'fine',
              '  path: ./elsewhere\n  sourceRef: {kind: GitRepository, name: other, namespace: default}\n',
            ),
          ].join('---\n'),
        }),
        'source-missing',
        /there are default\/other, /,
      ],
    ]
    const seen = await diagnoseCases([
      plainCase('login', '', {
        objects: `${credentials}---\n${kustomizationObject('login', `  path: ./login\n${ownSource}`)}`,
      }),
      ...cases.map(([one]) => one),
    ])
    for (const [{ name }, code, says] of cases) {
      const found = seen.get(name)
      assert.is(found?.headline?.code, code, `${name}: ${found?.message}`)
      assert.match(found?.message ?? '', says, name)
    }
  }))

test.run()
