import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rekeyFiles } from '../../../../scripts/sops/rotate/files/rekey.ts'
import { shareFiles } from '../../../../scripts/sops/rotate/files/share.ts'
import { takeOutRecipient } from '../../../../scripts/sops/rotate/files/take-out.ts'
import { withDirectory } from '../../../helpers/files.ts'
import { encryptAs, makeKey, makeSshRecipient } from '../../../helpers/keys.ts'
import { afterwards, plaintextOf, refusedBySops, removedLines } from '../../../helpers/sops/rotating.ts'
import { encryptWithGroups } from '../../../helpers/sops/with-key.ts'

const [old, next, friend] = [makeKey(), makeKey(), makeKey()]
const rotation = { old: old.recipient, next: next.recipient }
const secret = 'kind: Secret\nstringData:\n  a: one\n'

/** A key of a cloud service that nobody reaches. */
const kms = `    kms:
        - arn: arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000
          created_at: "2024-01-01T00:00:00Z"
          enc: AQICAHg=
          aws_profile: ""
`

test('keys of PGP, of a cloud and of SSH keep their bytes and need not be at hand; a new data key needs them', async () => {
  await withDirectory(async (directory) => {
    // the path of a socket of gpg must be short
    const home = mkdtempSync('/tmp/gpg-')
    const keyring = join(home, '.gnupg')
    mkdirSync(keyring, { mode: 0o700 })
    const gpg = (...args: string[]) =>
      execFileSync('gpg', ['--homedir', keyring, '--batch', '--quiet', ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      })
    gpg('--passphrase', '', '--quick-gen-key', 'friend@example.com', 'future-default', 'default', 'never')
    const [, fingerprint = ''] = /^fpr:+([0-9A-F]+):/m.exec(gpg('--list-keys', '--with-colons')) ?? []
    const age = [old.recipient, friend.recipient, makeSshRecipient()].join()
    process.env.GNUPGHOME = keyring
    const both = encryptAs('x.yaml', secret, '--age', age, '--pgp', fingerprint)
    delete process.env.GNUPGHOME
    const plain = encryptAs('x.yaml', secret, '--age', age)
    const files = [
      { file: 'pgp.yaml', text: both },
      { file: 'kms.yaml', text: plain.replace(/^sops:\n/m, `$&${kms}`) },
    ]
    const absent = {
      root: directory,
      env: { PATH: process.env.PATH, HOME: directory, AWS_EC2_METADATA_DISABLED: 'true' },
    }

    const shared = await shareFiles(files, rotation, [old], absent)
    assert.equal(shared.troubles, [])
    for (const { before, after } of shared.edits) assert.equal(removedLines(before, after), [])
    assert.equal(await refusedBySops(afterwards(shared), [next]), [])
    assert.equal(afterwards(await takeOutRecipient(afterwards(shared), next.recipient)), files)

    const taken = await takeOutRecipient(afterwards(shared), old.recipient)
    assert.equal(taken.troubles, [])
    for (const { before, after } of taken.edits) assert.equal(removedLines(after, before), [])
    assert.equal(await refusedBySops(afterwards(taken), [next]), [])
    assert.equal(await refusedBySops(afterwards(taken), [old]), ['pgp.yaml', 'kms.yaml'])

    const options = { takeOut: old.recipient, identities: [next], repository: absent }
    const { edits, troubles } = await rekeyFiles(afterwards(shared), options)
    assert.equal(edits, [])
    assert.equal(
      troubles.map(({ file, status, finding }) => [file, status, finding.code, finding.facts.kinds]),
      [
        ['pgp.yaml', 'unreachable', 'rotate-key-unreachable', 'pgp'],
        ['kms.yaml', 'unreachable', 'rotate-key-unreachable', 'kms'],
      ],
    )

    const env = { PATH: process.env.PATH, HOME: home }
    const pgpOnly = afterwards(shared).filter(({ file }) => file === 'pgp.yaml')
    const rekeyed = await rekeyFiles(pgpOnly, { ...options, repository: { root: directory, env } })
    assert.equal(rekeyed.troubles, [])
    assert.is(rekeyed.edits[0]?.isRewritten, undefined)
    assert.equal(await refusedBySops(afterwards(rekeyed), [next]), [])
    assert.equal(await refusedBySops(afterwards(rekeyed), [old]), ['pgp.yaml'])
    assert.equal(await refusedBySops(afterwards(rekeyed), [friend]), [])
    const [{ after = '' } = {}] = rekeyed.edits
    assert.is(after.match(/fp: (.*)/)?.[1], fingerprint)
    execFileSync('gpgconf', ['--homedir', keyring, '--kill', 'all'])
    rmSync(home, { recursive: true, force: true })
  })
})

test('what a sign-in has left in the home directory reaches a key service, and a key of age there does not', async () => {
  await withDirectory(async (home) => {
    const tokens = new Set<unknown>()
    const vault = createServer((request, response) => {
      tokens.add(request.headers['x-vault-token'])
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ data: { ciphertext: 'vault:v1:AAAA' } }))
    })
    await new Promise<void>((listens) => vault.listen(0, '127.0.0.1', listens))
    const { port } = vault.address() as AddressInfo
    writeFileSync(join(home, '.vault-token'), 'token-of-a-sign-in')
    mkdirSync(join(home, '.config/sops/age'), { recursive: true })
    writeFileSync(join(home, '.config/sops/age/keys.txt'), old.text)
    const withVault = (text: string) =>
      text.replace(
        /^sops:\n/m,
        `$&    hc_vault:
        - vault_address: http://127.0.0.1:${port}
          engine_path: transit
          key_name: k
          created_at: "2024-01-01T00:00:00Z"
          enc: vault:v1:AAAB
`,
      )
    const text = encryptAs('x.yaml', secret, '--age', `${next.recipient},${old.recipient}`)
    // the old one alone opens it
    const damaged = text.replace(/^( {12})YWdl.{8}/m, '$1AAAAAAAAAAAA')
    const files = [
      { file: 'good.yaml', text: withVault(text) },
      { file: 'closed.yaml', text: withVault(damaged) },
    ]
    const rekeyed = await rekeyFiles(files, {
      takeOut: undefined,
      identities: [next],
      repository: { root: home, env: { PATH: process.env.PATH, HOME: home } },
    })
    vault.close()
    assert.equal(
      rekeyed.troubles.map(({ file, finding }) => [file, finding.code]),
      [['closed.yaml', 'rotate-stanza-damaged']],
    )
    assert.match(rekeyed.edits[0]?.after ?? '', /enc: vault:v1:AAAA/)
    assert.equal([...tokens], ['token-of-a-sign-in'])
  })
})

test('the share of a key group goes to another owner without the owners of the others', async () => {
  const text = encryptWithGroups([[old.recipient], [friend.recipient]], 2)
  const repository = { root: process.cwd(), env: process.env }
  const shared = await shareFiles([{ file: 'x.yaml', text }], rotation, [old], repository)
  assert.equal(shared.troubles, [])
  const taken = await takeOutRecipient(afterwards(shared), old.recipient)
  assert.equal(await refusedBySops(afterwards(taken), [next, friend]), [])
  assert.equal(await refusedBySops(afterwards(taken), [next, old]), ['x.yaml'])
  assert.equal(await refusedBySops(afterwards(taken), [old, friend]), ['x.yaml'])

  const alone = await rekeyFiles(afterwards(shared), {
    takeOut: old.recipient,
    identities: [next],
    repository,
  })
  assert.equal(
    alone.troubles.map(({ status, finding }) => [status, finding.code, finding.facts]),
    [['unreachable', 'rotate-groups-closed', { needed: '2', opened: '1' }]],
  )
  const together = await rekeyFiles(afterwards(shared), {
    takeOut: old.recipient,
    identities: [next, friend],
    repository,
  })
  assert.equal(together.troubles, [])
  assert.is(together.edits[0]?.isRewritten, undefined)
  assert.equal(await refusedBySops(afterwards(together), [next, friend]), [])
  assert.ok(await plaintextOf(afterwards(together)[0]!, [next, friend]))
})

test.run()
