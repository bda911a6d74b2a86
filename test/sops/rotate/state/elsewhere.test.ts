import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { elsewhereFindings, findKeyElsewhere } from '../../../../scripts/sops/rotate/state/elsewhere.ts'
import { encryptSecret, makeKey, sopsConfig } from '../../../helpers/keys.ts'
import { withRepository } from '../../../helpers/repository.ts'
import { placesIn } from '../../../helpers/rotate/rotation.ts'

test('what else names the old recipient, or gives an identity to a program', () => {
  const key = makeKey()
  const { recipient } = key
  return withRepository(
    {
      '.sops.yaml': `# ${recipient}\n${sopsConfig(recipient)}`,
      'a.yaml': encryptSecret(recipient),
      'docs/keys.md': `SOPS_AGE_KEY\n\n- cluster: ${recipient}\n`,
      '.sops.yaml.j2': `age: ${recipient}\n`,
      'nix/sops.nix': `x = "${recipient}";\n`,
      '.github/workflows/ä b.yaml': `env:\n  SOPS_AGE_KEY: \${{ secrets.KEY }}\n  X: ${key.secret}\n`,
      '.gitlab-ci.yml': 'variables: { SOPS_AGE_KEY_FILE: /agekey }\n',
      'talos/talconfig.yaml': 'x: 1\n# sops: age.agekey\n',
      'kubernetes/secret.yaml': 'kind: Secret\n# age.agekey\n',
      'windows/Makefile': `a: SOPS_AGE_KEY\r\nb: agekey\r${key.secret}\r\n`,
      'windows/b.yaml': encryptSecret(recipient).replaceAll('\n', '\r\n'),
      'windows/keys.md': `${recipient}\r\n`,
    },
    async (repository) => {
      const found = await findKeyElsewhere(repository, await placesIn(repository), recipient)
      assert.equal(
        found.map(({ file, line, what }) => `${file}:${line} ${what}`),
        [
          '.sops.yaml.j2:1 recipient',
          'docs/keys.md:3 recipient',
          'nix/sops.nix:1 recipient',
          'windows/keys.md:1 recipient',
          '.github/workflows/ä b.yaml:2 identity',
          '.gitlab-ci.yml:1 identity',
          'talos/talconfig.yaml:2 identity',
          'windows/Makefile:1 identity',
          'windows/Makefile:2 identity',
        ],
      )
      const findings = elsewhereFindings(found, recipient)
      assert.is(findings.length, found.length)
      assert.not.match(JSON.stringify([found, findings]), /SECRET/)
    },
  )
})

test.run()
