import { isMapping, listAt, type Mapping, textAt, valueAt } from '../yaml/values.ts'
import { parsedText } from './parsed-text.ts'
import { isTarget, patchTarget } from './patch-target.ts'

/**
 * What is not known of a Flux Kustomization. Each value includes those that are listed after it.
 * - `object`: anything in it may be different
 * - `files`: which files it builds
 * - `children`: what becomes of the Flux Kustomizations among them
 */
export type Reach = 'object' | 'files' | 'children'

const widestFirst: readonly Reach[] = ['object', 'files', 'children']

/** The widest of several; `undefined` where there is none. */
export function widest(reaches: readonly (Reach | undefined)[]): Reach | undefined {
  return widestFirst.find((reach) => reaches.includes(reach))
}

/** The fields of `spec` that matter for what a Flux Kustomization is and builds. */
const reachOfSpec: Readonly<Record<string, Reach>> = {
  decryption: 'object',
  path: 'files',
  sourceRef: 'files',
  components: 'files',
  ignoreMissingComponents: 'files',
  patches: 'children',
  postBuild: 'children',
  targetNamespace: 'children',
  namePrefix: 'children',
  nameSuffix: 'children',
}

/** What is not known where a field of a Flux Kustomization is changed; `undefined`: the field does not matter. */
export function reachOfField([top, field]: readonly string[]): Reach | undefined {
  if (top === 'status') return undefined
  if (top !== 'spec' || field === undefined || !/^\w+$/.test(field)) return 'object'
  return reachOfSpec[field]
}

/** What is not known where kustomize changes what field specs name, `{kind, group, path: spec/path}`. Those of other kinds do not matter. */
export function reachOfFieldSpecs(specs: readonly unknown[]): Reach | undefined {
  return widest(
    specs.map((spec) => {
      const isOther = (key: string, own: string) => (textAt(spec, key) ?? own) !== own
      if (isOther('kind', 'Kustomization') || isOther('group', 'kustomize.toolkit.fluxcd.io'))
        return undefined
      return reachOfField((textAt(spec, 'path') ?? '').split('/'))
    }),
  )
}

/** The transformers of kustomize that change nothing but what their `fieldSpecs` name. */
const boundToFields = /^(Label|Annotations|Prefix|Suffix)Transformer$/

/** What is not known behind an entry of `transformers`, by its text. */
export function reachOfTransformers(text: string): Reach | undefined {
  const values = parsedText(text)
  if (values.length === 0) return 'object'
  return widest(
    values.map((value) => {
      const specs = listAt(value, 'fieldSpecs')
      const isBound =
        textAt(value, 'apiVersion') === 'builtin' && boundToFields.test(textAt(value, 'kind') ?? '')
      return isBound && specs.length > 0 ? reachOfFieldSpecs(specs) : 'object'
    }),
  )
}

/** What is not known with an entry of `configurations`, by its text: lists of field specs, also one level deeper for names that refer to others. */
export function reachOfConfiguration(text: string): Reach | undefined {
  const [value] = parsedText(text)
  if (!isMapping(value)) return 'object'
  const entries = Object.values(value).flat()
  return reachOfFieldSpecs(
    entries.flatMap((entry) => {
      const specs = valueAt(entry, 'fieldSpecs')
      return Array.isArray(specs) ? specs : [entry]
    }),
  )
}

/** What is not known of an object that the targets of replacements may select. What they `reject` is not looked at. */
export function reachOfReplacements(replacements: readonly unknown[], object: Mapping): Reach | undefined {
  const targets = replacements.flatMap((one) => listAt(one, 'targets'))
  const selecting = targets.filter((one) => {
    const target = patchTarget(valueAt(one, 'select'))
    return target === undefined || isTarget(object, target)
  })
  return widest(
    selecting.flatMap((target) => {
      const paths = listAt(target, 'fieldPaths')
      return paths.length === 0
        ? ['object' as const]
        : paths.map((path) => reachOfField(`${path}`.split('.')))
    }),
  )
}
