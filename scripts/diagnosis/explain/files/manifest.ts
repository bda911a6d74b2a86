import { posix } from 'node:path'
import { type Finding, finding } from '../../../findings/finding.ts'
import { readFiles } from '../../../lib/applied/revision.ts'
import { idOf } from '../../../lib/cluster/flux-objects.ts'
import { configName } from '../../../lib/sops/creation-rules.ts'
import { mergeConflict, placesIn } from '../../../lib/sops/reader/places.ts'
import { parseDocuments, type YamlDocument } from '../../../lib/yaml/documents.ts'
import { textAt } from '../../../lib/yaml/values.ts'
import type { Explainer, Failure } from '../failure.ts'
import { type BuildReach, declaredBy, reachOf } from './reach.ts'
import { problemIn } from './yaml-problem.ts'

/** Finds the file that cannot be read as YAML, and the line. */
export const explainBrokenYaml: Explainer = async (failure, evidence) => {
  const revision = await evidence.tried(failure.kustomization)
  if (!revision) return undefined
  const reach = reachOf(failure.kustomization, revision)
  const named = fileIn(failure, reach)
  // a key that is there twice is told without the file
  const texts = await readFiles(revision, named === undefined ? reach.manifests : [named])
  for (const [file, text] of texts) {
    const conflict = mergeConflict(text)
    if (conflict !== undefined)
      return finding('merge-conflict', { file, ...placesIn(text)(conflict) }, { file })
    const broken = problemIn(text, named === undefined ? '' : failure.says)
    if (broken) return finding('yaml-broken', { file, line: broken.line }, { what: 'it', why: broken.why })
  }
  return undefined
}

/** Finds the file that holds no object, and what it lacks. */
export const explainNoObject: Explainer = async (failure, evidence) => {
  const { kustomization } = failure
  const revision = await evidence.tried(kustomization)
  const file = revision && fileIn(failure, reachOf(kustomization, revision))
  if (!revision || file === undefined) return undefined
  if (posix.basename(file) === configName)
    return finding('config-applied', { file }, { kustomization: idOf(kustomization) })
  return lacking(file, (await readFiles(revision, [file])).get(file) ?? '')
}

function lacking(file: string, text: string): Finding {
  const placeAt = placesIn(text)
  const lacks = (path: string[]) => (document: YamlDocument) =>
    document.root !== null && textAt(document.value, ...path) === undefined
  const placeOf = (document: YamlDocument) => ({ file, ...placeAt(document.root?.range?.[0] ?? 0) })
  const documents = parseDocuments(text)
  for (const path of [['apiVersion'], ['kind']]) {
    const found = documents.find(lacks(path))
    if (found) return finding('no-object', placeOf(found), { what: 'it', lacks: `: it has no \`${path}\`` })
  }
  const nameless = documents.find(lacks(['metadata', 'name']))
  if (!nameless) return finding('no-object', { file }, { what: 'it', lacks: '' })
  return finding('name-missing', placeOf(nameless), { kind: `${textAt(nameless.value, 'kind')}`, file })
}

/** Finds the files that declare the same object. */
export const explainDeclaredTwice: Explainer = async (failure, evidence) => {
  const { kustomization, cause } = failure
  const revision = await evidence.tried(kustomization)
  const [, kind, name] = /^(\w+)\.\S+\/(.+)\.[^.]+$/.exec(cause.facts.object ?? '') ?? []
  if (!revision || kind === undefined || name === undefined) return undefined
  const { manifests } = reachOf(kustomization, revision)
  const texts = await declaredBy(kustomization, { kind, name }, revision)
  const files = manifests.filter((one) => texts.has(one))
  const file = files.at(-1)
  if (file === undefined) return undefined
  return finding('declared-twice', placeOfObject(file, texts.get(file) ?? '', name), {
    object: `${kind} ${name}`,
    files: `: in ${files.join(' and ')}`,
  })
}

function placeOfObject(file: string, text: string, name: string) {
  const documents = parseDocuments(text).filter(({ value }) => textAt(value, 'metadata', 'name') === name)
  return { file, ...placesIn(text)(documents.at(-1)?.root?.range?.[0] ?? 0) }
}

/** The file that a message names, by its path or as the entry of a kustomization file. */
function fileIn({ says }: Failure, { kustomizations, manifests }: BuildReach): string | undefined {
  const [, path] = /Kubernetes YAML from \S*\/kustomization-\d+\/(.+?): /.exec(says) ?? []
  if (path !== undefined) return path
  const entry = /in File: (\S+)/.exec(says)?.[1] ?? /.*accumulating resources from '([^']+)'/.exec(says)?.[1]
  return entry === undefined
    ? undefined
    : kustomizations
        .map(({ directory }) => posix.join(directory, entry))
        .find((file) => manifests.includes(file))
}
