import { blocksOf, readProject } from './documents.ts'

/** What the README says under "Use it". */
const [, useIt = ''] = /^## Use it\n([\s\S]*?)^## /m.exec(readProject('README.md')) ?? []
const [configuration = ''] = blocksOf(useIt, 'toml')

/** The quick start of the README. */
export const quickStart = {
  /** The content of `.mise.toml`. */
  configuration,
  /** The commands, block by block. */
  scripts: blocksOf(useIt, 'sh'),
  /** The tag of the project that it includes. */
  tag: /\?ref=(\S+)"/.exec(configuration)?.[1] ?? '',
  /** What its user has in the environment: npm's settings, and no other tools than those on PATH. */
  env: {
    ...Object.fromEntries(
      Object.entries(process.env).filter(([name]) => /^npm_config_|proxy$|CERT|_CA_/i.test(name)),
    ),
    MISE_DISABLE_TOOLS: 'node,age,kubectl,kustomize,sops',
  } as NodeJS.ProcessEnv,
}
