import { RE2JS } from 're2js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { guessNames } from '../../../scripts/sops/test-secret/rule-names.ts'

/** Rules as they stand in public repositories, and the names that are guessed. */
const guesses: [pathRegex: string, names: string[]][] = [
  ['.*\\.sops\\.ya?ml', ['secret.sops.yaml']],
  ['(bootstrap|kubernetes)/.*\\.sops\\.ya?ml', ['secret.sops.yaml', 'bootstrap/secret.sops.yaml']],
  ['secrets/.*', ['secret.yaml', 'secrets/secret.yaml']],
  ['^clusters/.*/secrets/[^/]+\\.ya?ml$', ['secret.yaml', 'secrets/secret.yaml']],
  ['.*-secret\\.yaml', ['secret-secret.yaml']],
  ['.*/secret-.*\\.yaml$', ['secret-secret.yaml', 'secret/secret-secret.yaml']],
  ['\\.secret\\.ya?ml$', ['secret.secret.yaml']],
  ['(?i)\\.SOPS\\.(json|yaml)$', ['secret.SOPS.yaml']],
  ['.*\\.encrypted\\.(yml|yaml|json)', ['secret.encrypted.yaml']],
  ['\\.enc\\.yml$', ['secret.enc.yml']],
  ['(.*/)?secrets\\.(ya?ml|json)$', ['secrets.yaml', 'secret/secrets.yaml']],
  ['[\\w-]+\\.sops\\.yaml', ['secret.sops.yaml']],
  ['kubernetes\\/[a-z]{2,}\\.sops\\.yaml$', ['secret.sops.yaml', 'kubernetes/secret.sops.yaml']],
  ['.*secret(s)?(\\.encrypted)?\\.ya?ml$', ['secretsecrets.encrypted.yaml']],
  ['(?:a|b)\\.enc\\.json$', ['a.enc.json']],
  ['x/.*\\.sops\\.ya?ml|.*\\.key\\.yaml', ['secret.sops.yaml', 'x/secret.sops.yaml', 'secret.key.yaml']],
]

for (const [pathRegex, names] of guesses) {
  test(`guessNames: ${pathRegex}`, () => {
    assert.equal(guessNames(pathRegex), names)
    const below = names.flatMap((name) =>
      ['kubernetes', 'clusters/a/secrets'].map((path) => `${path}/${name}`),
    )
    assert.ok([...names, ...below].some((name) => RE2JS.compile(pathRegex).matcher(name).find()))
  })
}

test('guessNames: what cannot be a name is only a guess', () => {
  for (const pathRegex of ['', '^$', '(((', '[', 'a{2}', '\\', '^/'])
    assert.ok(guessNames(pathRegex).every((name) => typeof name === 'string'))
})

test.run()
