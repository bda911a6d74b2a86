import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { essenceOf, judgeRefusal } from '../../../../scripts/sops/verify/branch/push.ts'

const rejected = (why: string) =>
  `To https://example.com/a/b.git\n ! [remote rejected] HEAD -> main (${why})\nerror: failed to push some refs to 'https://example.com/a/b.git'\n`

/** What servers say of a push that they do not take, and what it means. */
const refusals = {
  'protected-branch': [
    `remote: error: GH006: Protected branch update failed for refs/heads/main.\nremote: error: Changes must be made through a pull request.\n${rejected('protected branch hook declined')}`,
    `remote: error: GH013: Repository rule violations found for refs/heads/main.\n${rejected('push declined due to repository rule violations')}`,
    `remote: GitLab: You are not allowed to push code to protected branches on this project.\n${rejected('pre-receive hook declined')}`,
    `remote: \nremote: Gitea: Not allowed to push to protected branch main\n${rejected('pre-receive hook declined')}`,
    `remote: Branch refs/heads/main can only be modified through pull requests.\n${rejected('pre-receive hook declined')}`,
    `${rejected('TF402455: Pushes to this branch are not permitted; you must use a pull request to update this branch.')}`,
    `${rejected('prohibited by Gerrit: not permitted: update')}`,
  ],
  'no-push-right': [
    "remote: Permission to a/b.git denied to c.\nfatal: unable to access 'https://github.com/a/b.git/': The requested URL returned error: 403\n",
    "remote: Write access to repository not granted.\nfatal: unable to access 'https://x/': The requested URL returned error: 403\n",
    'ERROR: The key you are authenticating with has been marked as read only.\nfatal: Could not read from remote repository.\n',
    'remote: GitLab: You are not allowed to push code to this project.\nfatal: Could not read from remote repository.\n',
    'remote: This deploy key does not have write access to this project.\nfatal: Could not read from remote repository.\n',
    'remote: Forgejo: User permission denied for writing.\n',
    'git@host: Permission denied (publickey).\nfatal: Could not read from remote repository.\n',
    "fatal: could not read Username for 'https://github.com': terminal prompts disabled\n",
    "fatal: Authentication failed for 'https://github.com/a/b/'\n",
  ],
  'push-refused': [
    `remote: policy: no test Secrets\n${rejected('pre-receive hook declined')}`,
    `lint: not today\nerror: failed to push some refs to 'x'\n`,
  ],
  'push-broken-off': [
    "fatal: unable to access 'http://127.0.0.1:1/': Failed to connect to 127.0.0.1 port 1\n",
    'error: RPC failed; curl 56 Recv failure: Connection reset by peer\nfatal: the remote end hung up unexpectedly\n',
    'ssh: Could not resolve hostname x\nfatal: Could not read from remote repository.\n',
  ],
  'branch-busy': [
    " ! [rejected] HEAD -> main (fetch first)\nerror: failed to push some refs to 'x'\nhint: Updates were rejected\n",
    `${rejected('failed to update ref')}`.replace('failed to update ref', 'cannot lock ref'),
  ],
}

for (const [code, texts] of Object.entries(refusals))
  for (const text of texts)
    test(`${code}: ${text.slice(0, 70).split('\n')[0]}`, () => assert.is(judgeRefusal(1, text), code))

test('a push that was ended by a signal or by us is broken off', () => {
  assert.is(judgeRefusal(130, ''), 'push-broken-off')
  assert.is(judgeRefusal(null, ''), 'push-broken-off')
})

test('the essence leaves out what git says each time', () => {
  assert.is(
    essenceOf(refusals['protected-branch'][0]!),
    'GH006: Protected branch update failed for refs/heads/main.\nChanges must be made through a pull request.\nprotected branch hook declined',
  )
  assert.is(essenceOf(refusals['branch-busy'][0]!), 'fetch first')
  assert.is(essenceOf('remote: x\nremote: x\n'), 'x')
})

test.run()
