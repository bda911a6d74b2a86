import { type Cause, cause, plainCause } from './cause.ts'

/** What cannot be substituted in what was built. */
export const substitutionCauses: readonly Cause[] = [
  cause(
    'substitute-from-missing',
    /post build failed for .*substitute from '(?<what>[^']+)' error: .*not found/,
    { what: '', origin: '' },
  ),
  cause('variable-not-set', /variable not set \(strict mode\): "(?<variable>[^"]*)"/, {
    what: 'an object',
    variable: '',
  }),
  cause('variable-name', /'(?<variable>[^']*)' var name is invalid/, {
    from: 'spec.postBuild',
    variable: '',
  }),
  cause('variable-unreadable', /variable substitution failed: /, { what: 'an object' }),
  plainCause('substitution', /post build failed for/),
]

/** What the API server does not take in the data of an object. */
export const objectCauses: readonly Cause[] = [
  plainCause('data-key-refused', /\bdata\[[^\]]*\]: Invalid value/),
]

/** What else the API server does not take, behind the causes that say more. */
export const fieldCauses: readonly Cause[] = [
  cause(
    'field-refused',
    /: (?<field>\.[^\s:]+): (?<why>field not declared in schema|expected [^,]+(?=, got))/,
    {
      field: '',
      what: 'an object',
      why: '',
    },
  ),
  cause('field-refused', /dry-run failed \(Invalid\): .* is invalid: \[?(?<field>[^\s:]+): (?<why>.*)/, {
    field: '',
    what: 'an object',
    why: '',
  }),
]

/** What is wrong with encrypted files, or with what kustomize makes of them. */
export const encryptedFileCauses: readonly Cause[] = [
  cause('metadata-incomplete', /failed to load encrypted \w+ data: .*parsing time/, {
    field: '`lastmodified`',
  }),
  cause('metadata-incomplete', /failed to load encrypted \w+ data: .*No keys found/, { field: 'its keys' }),
  cause('metadata-incomplete', /failed to load encrypted \w+ data: /, { field: 'a field' }),
  plainCause('another-format', /failed to emit encrypted/),
  plainCause('source-refused', /cannot decrypt (?:irregular file|file with size)/),
  plainCause('whole-manifest-changed', /number of previous names, number of previous namespaces/),
]

/** What kustomize cannot read. */
export const buildCauses: readonly Cause[] = [
  cause('no-kustomization-file', /no kustomization file found|unable to find one of 'kustomization\.yaml'/, {
    directory: 'a directory',
  }),
  cause('several-kustomization-files', /found multiple kustomization files/i, {
    directory: 'a directory',
    files: '',
  }),
  cause('kustomization-file-empty', /kustomization\.yaml is empty/, { directory: 'a directory' }),
  cause('component-kind', /expected kind 'Component' for path/, {
    directory: 'a directory under `components`',
    kind: 'Kustomization',
    field: 'resources',
  }),
  cause('component-kind', /expected kind != 'Component' for path/, {
    directory: 'a directory under `resources`',
    kind: 'Component',
    field: 'components',
  }),
  cause(
    'kustomization-file-broken',
    /^error (?:converting YAML to JSON|unmarshaling JSON)|failed to unmarshal kustomization file/,
    { what: 'a file', why: '' },
  ),
  cause('yaml-broken', /MalformedYAMLError|yaml: (?:line \d+|unmarshal errors)/, {
    what: 'a file',
    why: '',
  }),
  cause('no-object', /missing Resource metadata|missing (?:kind|metadata\.name) in object/, {
    what: 'a file',
    lacks: '',
  }),
  cause('declared-twice', /may not add resource with an already registered id: (?<object>[^':]+)/, {
    object: 'an object',
    files: '',
  }),
  cause(
    'patch-without-target',
    /no resource matches strategic merge patch|failed to find unique target for patch|no matches for Id|operation does not apply/,
    { target: '' },
  ),
  cause(
    'listed-missing',
    /(?:kustomize build failed|error decrypting sources): .*no such file or directory/,
    { path: 'a file or a directory', near: '' },
  ),
]
