import { constants, openSync, readFileSync, statSync } from 'node:fs'
import { Socket } from 'node:net'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { UserError } from '../errors.ts'
import { pathBelow } from '../paths.ts'
import { type KeyCommandOptions, runKeyCommand } from './key-command.ts'
import { keyText } from './key-text.ts'

/** What our key file is called, at the root of a repository. */
export const ownKeyFile = '.age-key.txt'

/** The names of a key file in a repository, the first one first: ours, and the one that Flux's own guide gives it. */
const namesInRepository = [ownKeyFile, 'age.key']

/** Where a key is looked for without `--key-file`, for people. */
export const otherKeyPlaces = [
  ...['SOPS_AGE_KEY_FILE', 'SOPS_AGE_KEY', 'SOPS_AGE_KEY_CMD', ...namesInRepository],
  'the default file of sops',
]

/** Where an age key is looked for. */
export interface KeyOptions extends KeyCommandOptions {
  /** `--key-file`: a path, or `-` for stdin. */
  keyFile: string | undefined
  /** Where the user stands: relative paths start there. */
  cwd: string
  /** The root of the repository; a key file is looked for from `cwd` up to it. `undefined` outside of one. */
  root: string | undefined
}

/** A place that has, or should have, an age key. */
export interface KeyPlace {
  /** For people, relative to `cwd` where it is below that: `SOPS_AGE_KEY_FILE (keys.txt)`. */
  source: string
  /** The file, absolute; `undefined` where it is none. */
  file: string | undefined
  /** Reading it asks nobody for anything. */
  isQuiet: boolean
  /** The default file of sops: nobody has named it for this repository. */
  isDefault: boolean
  /**
   * @returns the key, unchecked. It is a secret.
   * @throws UserError where it cannot be read; never quotes what it read. The reason of `signal` where that is aborted; stdin
   *   or a pipe then keeps the process no longer.
   */
  read(): Promise<string>
}

/**
 * The places that have an age key, and those that are named, in the order in which they count: `--key-file`,
 * SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, SOPS_AGE_KEY_CMD, `.age-key.txt` or `age.key` from where the user stands up to the
 * root of the repository and in its main working tree, and the default file of sops (sops v3.13.3 age/keysource.go loadIdentities).
 */
export function keyPlaces(options: KeyOptions): KeyPlace[] {
  const { env, cwd, keyFile } = options
  const places: KeyPlace[] = []
  const add = (
    file: string,
    { variable, where, isDefault = false }: { variable?: string; where?: string; isDefault?: boolean } = {},
  ) => {
    const shown = pathBelow(cwd, file) ?? file
    const source = variable ? `${variable} (${shown})` : `${shown}${where ? ` (${where})` : ''}`
    const read = () => readKeyFile(file, variable, options.signal)
    places.push({ source, file, isQuiet: true, isDefault, read })
  }
  const addOther = (source: string, isQuiet: boolean, read: KeyPlace['read']) =>
    places.push({ source, file: undefined, isQuiet, isDefault: false, read })
  if (keyFile === '-') addOther('stdin', false, () => readStdin(options.signal))
  else if (keyFile) add(keyFile)
  if (env.SOPS_AGE_KEY_FILE) add(resolve(cwd, env.SOPS_AGE_KEY_FILE), { variable: 'SOPS_AGE_KEY_FILE' })
  if (env.SOPS_AGE_KEY) {
    // in this variable alone, sops takes several identities on a line
    const key = env.SOPS_AGE_KEY.replace(/[ \t]+(?=AGE-)/g, '\n')
    addOther('SOPS_AGE_KEY', true, async () => key)
  }
  const command = env.SOPS_AGE_KEY_CMD
  if (command) addOther('SOPS_AGE_KEY_CMD', false, () => runKeyCommand(command, options))
  for (const file of keyFilesOfRepository(options)) add(file)
  const main = options.root === undefined ? undefined : mainWorkingTree(options.root)
  if (main && main !== options.root)
    for (const file of keyFilesIn(main)) add(file, { where: 'of the main working tree' })
  if (isFile(defaultFile(env))) add(defaultFile(env), { isDefault: true })
  return places
}

/** The nearest first. */
function keyFilesOfRepository({ cwd, root }: KeyOptions): string[] {
  const directories = [cwd]
  while (root && pathBelow(root, directories.at(-1)!) !== undefined && directories.at(-1) !== root)
    directories.push(dirname(directories.at(-1)!))
  return [...new Set([...directories, ...(root ? [root] : [])])].flatMap(keyFilesIn)
}

function keyFilesIn(directory: string): string[] {
  return namesInRepository.map((name) => join(directory, name)).filter(isFile)
}

/** The main working tree of a repository, where `root` is a worktree of it (gitrepository-layout: `.git` is a file then). */
function mainWorkingTree(root: string): string | undefined {
  try {
    const [, directory] = /^gitdir: (.*)$/m.exec(readFileSync(join(root, '.git'), 'utf8')) ?? []
    if (!directory) return undefined
    const own = resolve(root, directory)
    const common = resolve(own, readFileSync(join(own, 'commondir'), 'utf8').trim())
    return basename(common) === '.git' ? dirname(common) : undefined
  } catch {
    // a directory, as it mostly is
    return undefined
  }
}

async function readStdin(signal: AbortSignal): Promise<string> {
  signal.throwIfAborted()
  return keyText(await readStream(process.stdin, signal), 'cannot read the age key on stdin')
}

async function readStream(stream: Readable, signal: AbortSignal): Promise<Buffer> {
  try {
    return await buffer(addAbortSignal(signal, stream))
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}

async function readKeyFile(file: string, variable: string | undefined, signal: AbortSignal): Promise<string> {
  const what = `cannot read the age key file ${file}${variable ? ` that ${variable} names` : ''}`
  let bytes: Buffer
  try {
    const kind = statSync(file)
    if (kind.isFIFO()) bytes = await readStream(openPipe(file), signal)
    // a device may have no end
    else if (kind.isFile() || kind.isDirectory()) bytes = readFileSync(file)
    else throw new UserError(`${what}: it is neither a file nor a pipe`)
  } catch (error) {
    if (error instanceof UserError) throw error
    const code = (error as NodeJS.ErrnoException).code ?? ''
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      EACCES: 'permission denied',
      EISDIR: 'it is a directory',
    }
    throw new UserError(`${what}: ${reasons[code] ?? code}`)
  }
  return keyText(bytes, what)
}

/** `<(command)`, or a pipe that has no writer yet: waiting for one in `open` would answer no signal. */
function openPipe(file: string): Readable {
  return new Socket({
    fd: openSync(file, constants.O_RDONLY | constants.O_NONBLOCK),
    readable: true,
    writable: false,
  })
}

function defaultFile(env: NodeJS.ProcessEnv): string {
  const home = env.HOME ?? homedir()
  const config =
    env.XDG_CONFIG_HOME ||
    (process.platform === 'darwin' ? join(home, 'Library', 'Application Support') : join(home, '.config'))
  return join(config, 'sops', 'age', 'keys.txt')
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
