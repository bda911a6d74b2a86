import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { MissingProgram, UserError } from '../lib/errors.ts'
import type { Outcome } from '../lib/program.ts'
import { attempt, run } from '../lib/run.ts'
import { makeOnce } from './cache-directory.ts'

/** What a sandbox is made of. */
export interface Binaries {
  /** The directory of the programs: etcd, kube-apiserver, kubectl, the two controllers, sops, age, age-keygen, kustomize. */
  bin: string
  /** The directory of the controllers' CustomResourceDefinitions. */
  crds: string
}

/** How the programs are built. */
export interface BuildOptions {
  /** XDG_CACHE_HOME; `~/.cache` where it is not set. */
  cacheHome: string | undefined
  /** For PATH and the settings of Go. */
  env: NodeJS.ProcessEnv
  /** Told which program is being built and how long it has taken so far; nothing where all is built. */
  note(line: string): void
  /** As `note`, every second, for a terminal. */
  status?(text: string | undefined): void
  signal?: AbortSignal | undefined
}

/** The Go module that pins every program. */
const module = join(import.meta.dirname, '..', '..', 'sandbox')

/** Each program and its Go package, cheap ones first. */
const packages: Readonly<Record<string, string>> = {
  'age-keygen': 'filippo.io/age/cmd/age-keygen',
  age: 'filippo.io/age/cmd/age',
  etcd: 'go.etcd.io/etcd/server/v3',
  sops: 'github.com/getsops/sops/v3/cmd/sops',
  kustomize: 'sigs.k8s.io/kustomize/kustomize/v5',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kustomize-controller': 'github.com/fluxcd/kustomize-controller',
  'source-controller': 'github.com/fluxcd/source-controller',
}

const kubernetesVersion = 'v1.36.3'

/**
 * Builds the programs of the sandbox with Go into the user's cache directory, once for each content of go.mod and
 * go.sum; afterwards Go is not needed any more.
 *
 * They are built beside their place and moved there in one step: an interrupted build leaves nothing that is used, and
 * of two builds at once the second finds the work of the first. Go's own cache makes the next try quick.
 * @throws UserError where Go is missing or a build fails; the reason of `signal`
 */
export async function buildBinaries(options: BuildOptions): Promise<Binaries> {
  const place = programsDirectory(options.cacheHome)
  const built = { bin: join(place, 'bin'), crds: join(place, 'crds') }
  await makeOnce(place, async ({ target, temporary }) => {
    await requireGo(options)
    const go = goWith(temporary, options)
    await buildPrograms(join(target, 'bin'), go, options)
    await copyDefinitions(join(target, 'crds'), go)
  })
  return built
}

/** Where the programs are, or will be, built: its name is a hash of what they are built from. @param cacheHome as of `BuildOptions` */
export function programsDirectory(cacheHome: string | undefined): string {
  return join(cacheHome || join(homedir(), '.cache'), 'flux-sops-tasks', 'sandbox', cacheKey())
}

type Go = (args: readonly string[]) => Promise<string>

function cacheKey(): string {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`)
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(module, file)))
  return hash.digest('hex').slice(0, 16)
}

async function requireGo({ env, signal }: BuildOptions): Promise<void> {
  const needed = 'cannot build the sandbox, which needs Go 1.26 or newer (once)'
  const hint = "`mise use go@1.26`, your system's package manager, or https://go.dev/dl"
  let found: Outcome
  try {
    // asked inside the module, where Go gets itself the version that go.mod wants, if it may and can
    found = await attempt(['go', 'env', 'GOVERSION'], { env, cwd: module, signal })
  } catch (error) {
    if (!(error instanceof MissingProgram)) throw error
    throw new UserError(`${needed}: go is not on PATH`, { hint })
  }
  const version = found.stdout.trim()
  if (found.code !== 0) throw new UserError(`${needed}: ${found.stderr.trim()}`, { hint })
  if (Number(/^go1\.(\d+)/.exec(version)?.[1]) < 26)
    throw new UserError(`${needed}: this is ${version}`, { hint })
}

/** Go with settings that the user's own can't change. It keeps nothing outside of `temporary` but its own caches. */
function goWith(temporary: string, { env, signal }: BuildOptions): Go {
  const own = { GOTMPDIR: temporary, GOFLAGS: '-mod=readonly', GOWORK: 'off', GOOS: '', GOARCH: '' }
  return (args) => run(['go', ...args], { cwd: module, env: { ...env, ...own }, signal })
}

/** One after the other: all at once is hardly quicker, because Go uses all cores for one, and shows no progress. */
async function buildPrograms(bin: string, go: Go, { note, status }: BuildOptions): Promise<void> {
  const flags = `-s -w -X k8s.io/component-base/version.gitVersion=${kubernetesVersion}`
  const names = Object.keys(packages)
  const start = Date.now()
  note('building the sandbox with Go: once, 7 to 15 minutes on 2 cores …')
  for (const [index, name] of names.entries()) {
    const what = () =>
      `building ${name} (${index + 1} of ${names.length}), ${duration(Date.now() - start)} so far`
    note(what())
    const ticker = setInterval(() => status?.(what()), 1000)
    try {
      await go(['build', '-o', join(bin, name), '-ldflags', flags, packages[name]!])
    } finally {
      clearInterval(ticker)
      status?.(undefined)
    }
  }
  note(`built the sandbox in ${duration(Date.now() - start)}`)
}

/** 83000 -> `1 min 23 s` */
function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

async function copyDefinitions(target: string, go: Go): Promise<void> {
  for (const name of ['source-controller', 'kustomize-controller']) {
    const directory = (await go(['list', '-m', '-f', '{{.Dir}}', packages[name]!])).trim()
    const bases = join(directory, 'config', 'crd', 'bases')
    mkdirSync(target, { recursive: true })
    // not the files' modes: those of Go's module cache are read-only
    for (const file of readdirSync(bases)) writeFileSync(join(target, file), readFileSync(join(bases, file)))
  }
}
