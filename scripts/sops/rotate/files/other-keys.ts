import { join } from 'node:path'

/** Where programs of PGP and of cloud services look, by the variable that says so, below the home directory. */
const places: Readonly<Record<string, readonly string[]>> = {
  GNUPGHOME: ['.gnupg'],
  AWS_CONFIG_FILE: ['.aws', 'config'],
  AWS_SHARED_CREDENTIALS_FILE: ['.aws', 'credentials'],
  CLOUDSDK_CONFIG: ['.config', 'gcloud'],
  GOOGLE_APPLICATION_CREDENTIALS: ['.config', 'gcloud', 'application_default_credentials.json'],
  AZURE_CONFIG_DIR: ['.azure'],
}

/**
 * The environment in which sops can encrypt to the keys of a file that are not of age, and still finds no other identity of age: the
 * one of the user, without the home directory and what sops itself reads.
 */
export function otherKeysEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { HOME = '/nonexistent', SOPS_GPG_EXEC } = env
  const clean = Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^SOPS_|^XDG_CONFIG_HOME$/.test(name)),
  )
  const found = Object.entries(places).map(([name, path]) => [name, env[name] ?? join(HOME, ...path)])
  return { ...clean, ...Object.fromEntries(found), ...(SOPS_GPG_EXEC && { SOPS_GPG_EXEC }) }
}
