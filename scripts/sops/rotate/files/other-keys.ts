import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Where people are signed in to cloud services and Vault, below the home directory; not all of it can be named by a variable. */
const places = ['.aws', '.azure', '.config/gcloud', '.vault-token']

/**
 * The environment in which sops can encrypt to the keys of a file that are not of age, and still finds no other identity of age: the
 * one of the user, without what sops itself reads, and with a home directory of links to what these keys need.
 * @param directory private, for the home
 */
export function otherKeysEnvironment(env: NodeJS.ProcessEnv, directory: string): NodeJS.ProcessEnv {
  const { HOME: own = '/nonexistent', SOPS_GPG_EXEC } = env
  const home = join(directory, 'home')
  for (const place of places) {
    mkdirSync(dirname(join(home, place)), { recursive: true })
    symlinkSync(join(own, place), join(home, place))
  }
  const clean = Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^SOPS_|^XDG_CONFIG_HOME$/.test(name)),
  )
  // by way of a link gpg would have another agent
  const GNUPGHOME = env.GNUPGHOME ?? join(own, '.gnupg')
  return { ...clean, HOME: home, GNUPGHOME, ...(SOPS_GPG_EXEC && { SOPS_GPG_EXEC }) }
}
