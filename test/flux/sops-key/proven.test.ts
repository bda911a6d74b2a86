import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { provenGroups } from '../../../scripts/lib/applied/proven.ts'
import { readKeyGroups } from '../../../scripts/lib/sops/recipients.ts'
import { encryptSecret, makeKey } from '../../helpers/keys.ts'

const [old, fresh, stranger] = [makeKey(), makeKey(), makeKey()]
const both = encryptSecret(`${old.recipient},${fresh.recipient}`)
/** Somebody has written the new recipient over that of another stanza. */
const byHand = encryptSecret(`${old.recipient},${stranger.recipient}`).replace(
  stranger.recipient,
  fresh.recipient,
)

async function opening(text: string, ...identities: (typeof old)[]) {
  const documents = await readKeyGroups(text)
  const proven = await provenGroups(
    { file: 'a.enc.yaml', documents: documents!, text: () => text },
    identities,
  )
  return proven.map(({ groups, threshold }) => [threshold, ...groups.map(({ age }) => age.join())])
}

test('a recipient counts where the identity opens its stanza, and where the identity is not here', async () => {
  assert.equal(await opening(both, fresh), [[1, `${old.recipient},${fresh.recipient}`]])
  assert.equal(await opening(byHand, stranger), [[1, `${old.recipient},${fresh.recipient}`]])
})

test('a recipient whose identity does not open its stanza opens nothing', async () => {
  assert.equal(await opening(byHand, fresh), [[1, old.recipient]])
})

test.run()
