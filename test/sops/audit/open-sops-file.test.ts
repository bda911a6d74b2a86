import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openSopsFile } from '../../../scripts/lib/sops/files/open-sops-file.ts'
import { encryptSecret, encryptText, makeKey } from '../../helpers/keys.ts'

const key = makeKey()
const text = encryptSecret(key.recipient)
const indented = text.replace(/^(?=.)/gm, '    ')

const open = (file: string, content: string) =>
  openSopsFile(file, Buffer.from(content), {
    identities: [key],
    repository: { root: '/nonexistent', env: process.env },
  })

test('what quotes a SOPS file is none', async () => {
  const quoting: Record<string, string> = {
    'README.md': `# Secrets\n\nA file looks so:\n\n\`\`\`yaml\n${text}\`\`\`\n`,
    'docs/secrets.md': `Look at \`password: ENC[AES256_GCM,data:x]\` and at \`sops:\` with its \`lastmodified: …\`\n`,
    'docs/plain': `${text}and so on\n`,
    'create.sh': `#!/bin/sh\ncat >secret.yaml <<'EOF'\n${text}EOF\n`,
    'secret.test.ts': `const text = \`${text}\`\n`,
    'secret.go': `package x\n\nvar text = \`{"sops": {"mac": "ENC[AES256_GCM,data:x]"}}\`\n`,
    'configmap.yaml': `kind: ConfigMap\ndata:\n  secret.yaml: |\n${indented}`,
    'workflow.yaml': `run: |\n  grep -q 'ENC[AES256_GCM' *.yaml\n  grep lastmodified\nwith: {{ .Values.x }}\n`,
    'values.yaml': `sops:\n  enabled: true\n  lastmodified: ENC[AES256_GCM,x]\nx: &a 1\ny: *a\n`.replace(
      'lastmodified',
      'check',
    ),
    'template.yaml': `{{- if .sops }}\npassword: ENC[AES256_GCM,data:x]\n{{- end }}\n`,
    'merge.md': `<<<<<<< ours\nENC[AES256_GCM,data:x]\n=======\nsops:\n>>>>>>> theirs\n`,
  }
  for (const [file, content] of Object.entries(quoting)) assert.is(await open(file, content), undefined, file)
})

test('a SOPS file is one also where it is damaged, or only sops can read it', async () => {
  const readings: [file: string, content: string, verdict: string][] = [
    ['a.yaml', text, 'decrypts'],
    ['a.yaml', text.replace('kind:', 'x: &a 1\ny: *a\nkind:'), 'needs-sops'],
    ['a.yaml', `%YAML 1.2\n---\n${text}`, 'needs-sops'],
    ['a.yaml', `\u0007# bell\n${text}`, 'needs-sops'],
    ['a.yaml', text.replace(/^/, '<<<<<<< a\n=======\n>>>>>>> b\n'), 'fails'],
    ['a.yaml', text.replace(/^ {4}lastmodified.*\n/m, ''), 'fails'],
    ['a.yaml', `kind: ConfigMap\n---\n${text}`, 'fails'],
  ]
  for (const [file, content, verdict] of readings)
    assert.is((await open(file, content))?.verdict, verdict, content.slice(0, 40))
})

test('a file whose name does not tell its format is read as what it is', async () => {
  for (const file of ['values.sops', 'secret.yaml.enc', 'secret']) {
    const reading = await open(file, text)
    assert.is(reading?.format, 'yaml', file)
    assert.is(reading?.verdict, 'decrypts', file)
  }
  const whole = encryptText(key.recipient, 'a: 1\n')
  assert.is((await open('a.txt', whole))?.verdict, 'decrypts')
})

test.run()
