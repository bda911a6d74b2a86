import { fluxKustomization, kustomizationOf } from './flux-objects.ts'

/** How many applications a namespace of the repository has, and how many manifests an application. */
const applications = 5
const manifests = 15

/**
 * A repository as people have it who let Flux include all that is below a path: a directory for each namespace, whose
 * kustomization includes one for each application, which lists its Flux Kustomizations. Of two applications one has two.
 * @param namespaces 31 give 232 Kustomizations, 2,666 files, and 186 directories that include them
 */
export function manyKustomizations(namespaces: number): Record<string, string> {
  const numbers = (length: number) => Array.from({ length }, (_, index) => index)
  const files = numbers(namespaces).flatMap((namespace) => {
    const directory = `apps/n${namespace}`
    const names = numbers(applications).map((application) => `a${application}`)
    return [
      [`${directory}/kustomization.yaml`, kustomizationOf(...names)],
      ...names.flatMap((name, index) => {
        const path = `${directory}/${name}`
        const objects = [name, ...((namespace + index) % 2 ? [] : [`${name}-settings`])]
        const flux = objects.map((one) => fluxKustomization(`n${namespace}-${one}`, `./${path}/app`))
        return [
          [`${path}/kustomization.yaml`, kustomizationOf('ks.yaml')],
          [`${path}/ks.yaml`, flux.join('---\n')],
          ...numbers(manifests).map((number) => [
            `${path}/app/m${number}.yaml`,
            `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}-${number}\n`,
          ]),
        ]
      }),
    ]
  })
  return { 'cluster/apps.yaml': fluxKustomization('apps', './apps'), ...Object.fromEntries(files) }
}
