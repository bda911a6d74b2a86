import { encryptText, type Key } from '../keys.ts'
import { fluxKustomization } from './flux-objects.ts'

/** The path of a Flux Kustomization, what the audit says of it, and whether Flux applies it. */
export interface PathCase {
  /** Relative to the path. */
  files: Readonly<Record<string, string>>
  /** More of the spec. */
  spec?: string
  /** `substitution-fails:8`, by the line of the first file. */
  findings: readonly string[]
  applied: boolean
}

const postBuild = '  postBuild:\n    substitute: {defined: plover}\n'
const secret = (value: string, metadata = '', field = 'stringData') =>
  `apiVersion: v1\nkind: Secret\nmetadata:\n  name: NAME\n  namespace: flux-system\n${metadata}${field}:\n  a: ${value}\n`
const listed = 'resources: [secret.yaml]\n'
const disabled = 'kustomize.toolkit.fluxcd.io/substitute: disabled'

function substituting(value: string, applied: boolean, ...findings: string[]): PathCase {
  return { files: { 'secret.yaml': secret(value) }, spec: postBuild, findings, applied }
}

/** What Flux is said to refuse, each with its nearest neighbour that it applies. NAME is the name of the case. */
export const pathCases: Readonly<Record<string, PathCase>> = {
  'undefined-variable': substituting(`'xyzzy \${plugh}'`, false, 'substitution-fails:7'),
  defined: substituting(`'xyzzy \${defined}'`, true),
  'default-value': substituting(`'\${plugh:=x} \${plugh:-x} \${plugh:?x} \${plugh:+x} \${plugh=x}'`, true),
  escaped: substituting(`'$\${plugh}'`, true),
  'no-braces': substituting(`'$plugh $1 $(plugh) \${defined}'`, true),
  array: substituting(`'\${defined[@]}'`, false, 'substitution-fails:7'),
  dash: substituting(`'\${defined-x}'`, false, 'substitution-fails:7'),
  'no-name': substituting(`'\${}'`, false, 'substitution-fails:7'),
  open: substituting(`'\${defined'`, false, 'substitution-fails:7'),
  'nested-undefined': substituting(`'\${plugh:=\${xyzzy}}'`, false, 'substitution-fails:7'),
  'nested-defined': substituting(`'\${plugh:=\${defined}}'`, true),
  length: substituting(`'of \${#defined}'`, true),
  'length-undefined': substituting(`'\${#plugh}'`, false, 'substitution-fails:7'),
  operators: substituting(
    `'\${defined^^} \${defined,} \${defined:1} \${defined:1:2} \${defined//l/x} \${defined/#p/x} \${defined%r}'`,
    true,
  ),
  'operator-undefined': substituting(`'\${plugh^^}'`, false, 'substitution-fails:7'),
  dollars: substituting("'a$$b'", true, 'dollar-lost:7'),
  'three-dollars': substituting("'a$$$b'", true, 'dollar-lost:7'),
  'three-dollars-brace': substituting(`'a$$\${plugh}'`, false, 'substitution-fails:7'),
  block: substituting(`|\n    #!/bin/sh\n    echo \${HOME}`, false, 'substitution-fails:7'),
  base64: {
    files: { 'secret.yaml': secret(Buffer.from(`\${plugh}`).toString('base64'), '', 'data') },
    spec: postBuild,
    findings: [],
    applied: true,
  },
  annotated: {
    files: { 'secret.yaml': secret(`'\${plugh}'`, `  annotations: {${disabled}}\n`) },
    spec: postBuild,
    findings: [],
    applied: true,
  },
  labelled: {
    files: { 'secret.yaml': secret(`'\${plugh}'`, `  labels: {${disabled}}\n`) },
    spec: postBuild,
    findings: [],
    applied: true,
  },
  'annotated-by-kustomize': {
    files: {
      'secret.yaml': secret(`'\${plugh}'`),
      'kustomization.yaml': `${listed}commonAnnotations: {${disabled}}\n`,
    },
    spec: postBuild,
    findings: [],
    applied: true,
  },
  'no-post-build': { files: { 'secret.yaml': secret(`'\${plugh}'`) }, findings: [], applied: true },
  'no-variables': {
    files: { 'secret.yaml': secret(`'\${plugh}'`) },
    spec: '  postBuild:\n    substitute: {}\n',
    findings: [],
    applied: true,
  },
  always: {
    files: { 'secret.yaml': secret(`'\${plugh}'`) },
    spec: '  postBuild:\n    substituteStrategy: Always\n',
    findings: ['substitution-fails:7'],
    applied: false,
  },
  'config-map': {
    files: { 'secret.yaml': secret(`'\${plugh}'`, '', 'data').replace('Secret', 'ConfigMap') },
    spec: postBuild,
    findings: ['substitution-fails:7'],
    applied: false,
  },
  'substitute-from': {
    files: { 'secret.yaml': secret(`'\${plugh} \${defined}'`) },
    spec: '  postBuild:\n    substituteFrom: [{kind: ConfigMap, name: variables}]\n',
    findings: ['substitution-unseen:7'],
    applied: true,
  },
  'sops-config': {
    files: { '.sops.yaml': 'creation_rules: []\n', 'secret.yaml': secret('x') },
    findings: ['config-applied'],
    applied: false,
  },
  'sops-config-below': {
    files: { 'below/.sops.yaml': 'creation_rules: []\n', 'secret.yaml': secret('x') },
    findings: ['config-applied'],
    applied: false,
  },
  'sops-config-listed': {
    files: { '.sops.yaml': 'creation_rules: []\n', 'kustomization.yaml': listed, 'secret.yaml': secret('x') },
    findings: [],
    applied: true,
  },
  'sops-config-in-listed': {
    files: {
      'below/.sops.yaml': 'creation_rules: []\n',
      'below/kustomization.yaml': listed,
      'below/secret.yaml': secret('x'),
    },
    findings: [],
    applied: true,
  },
  'sops-config-left-out': {
    files: { '.sops.yaml': 'creation_rules: []\n', 'secret.yaml': secret('x') },
    findings: [],
    applied: true,
  },
  list: {
    files: {
      'secret.yaml': `apiVersion: v1\nkind: List\nitems:\n  - ${secret('xyzzy').replaceAll('\n', '\n    ').trimEnd()}\n`,
    },
    findings: ['list-encrypted:2'],
    applied: true,
  },
  'list-data': {
    files: {
      'secret.yaml': `apiVersion: v1\nkind: List\nitems:\n  - ${secret('eHl6enk=', '', 'data').replaceAll('\n', '\n    ').trimEnd()}\n`,
    },
    findings: ['list-encrypted:2'],
    applied: false,
  },
  nameless: {
    files: { 'secret.yaml': secret('xyzzy').replace('  name: NAME\n', '') },
    findings: ['name-missing:2'],
    applied: false,
  },
  'generated-name': {
    files: { 'secret.yaml': secret('xyzzy').replace('  name:', '  generateName:') },
    findings: ['name-missing:2'],
    applied: false,
  },
  date: { files: { 'secret.yaml': secret('2026-01-02') }, findings: ['value-date:7'], applied: true },
  'quoted-date': { files: { 'secret.yaml': secret("'2026-01-02'") }, findings: [], applied: true },
  number: { files: { 'secret.yaml': secret('86428642') }, findings: ['value-not-text:7'], applied: false },
  'null-value': { files: { 'secret.yaml': secret('null') }, findings: [], applied: true },
}

/** The files of a repository with all of them. */
export function pathFiles({ recipient }: Key): Record<string, string> {
  const files = Object.entries(pathCases).flatMap(([name, { files, spec = '' }]) => [
    [
      `kubernetes/flux-system/${name}.yaml`,
      fluxKustomization(
        name,
        `./cases/${name}`,
        `${spec}  decryption:\n    provider: sops\n    secretRef: {name: sops-age}\n`,
      ),
    ],
    ...Object.entries(files).map(([file, text]) => {
      const path = `cases/${name}/${file}`
      return file.endsWith('secret.yaml')
        ? [path, encryptText(recipient, text.replaceAll('NAME', name))]
        : [path, text]
    }),
  ])
  return {
    ...Object.fromEntries(files),
    'kubernetes/flux-system/variables.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: variables, namespace: flux-system}\ndata: {plugh: x, defined: x}\n',
    '.sourceignore': 'docs/\n/cases/sops-config-left-out/.sops.yaml\n',
  }
}
