import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withDirectory, writeFiles } from '../../helpers/files.ts'
import { withFluxOn, withOwnSandbox } from '../../helpers/flux/sandbox.ts'
import { withPlace } from '../../helpers/flux/verify.ts'
import { traceCalls } from '../../helpers/trace.ts'

/** What a run may start: node itself, its programs with theirs, and what they make a git server start. */
const most = 60

/**
 * A git in front of the real one, whose server notes the programs that it starts for the task: not those for Flux, which
 * fetches with version 1 of the protocol and never pushes.
 */
function tracedServer(directory: string, log: string): NodeJS.ProcessEnv {
  const real = execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim()
  const git = execFileSync('which', ['git'], { encoding: 'utf8' }).trim()
  const bin = join(directory, 'bin')
  const script = (...lines: string[]) => `#!/bin/sh\n${lines.join('\n')}\n`
  writeFiles(directory, {
    'bin/git': script(`[ "$*" = --exec-path ] && echo '${directory}/libexec' && exit`, `exec '${git}' "$@"`),
    'libexec/git-http-backend': script(
      `case "$GIT_PROTOCOL$PATH_INFO$QUERY_STRING" in`,
      `  version=2*|*receive-pack*) export GIT_TRACE2_EVENT='${log}' ;;`,
      'esac',
      `exec '${real}/git-http-backend'`,
    ),
  })
  execFileSync('chmod', ['755', join(bin, 'git'), join(directory, 'libexec', 'git-http-backend')])
  return { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) }
}

/** The programs of git in a trace (https://git-scm.com/docs/api-trace2): each one says once that it starts. */
function startsIn(log: string): string[] {
  const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []
  return lines
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === 'start')
    .map(({ argv }) => argv.join(' '))
}

test('a run starts few programs, those of the git server for it included', () =>
  withDirectory(async (directory) => {
    const [client, server] = [join(directory, 'client.log'), join(directory, 'server.log')]
    await withOwnSandbox(
      (sandbox) =>
        withPlace(
          async (place) => {
            const traced = traceCalls(place.directory, place.env, [
              'sh',
              'sops',
              'age-keygen',
              'kustomize',
              'kubectl',
            ])
            execFileSync('rm', ['-f', server])
            const { code, stderr } = await place.verify([], {
              env: { ...traced.env, GIT_TRACE2_EVENT: client },
            })
            assert.is(code, 0, stderr)
            const others = traced.calls().match(/^\S*\/traced\/.*/gm) ?? []
            const [ours, theirs] = [startsIn(client), startsIn(server)]
            const all = ['node', ...others, ...ours, ...theirs]
            assert.ok(
              ours.some((call) => call.includes('git push')) &&
                theirs.some((call) => call.includes('receive-pack')),
            )
            assert.ok(all.length <= most, `${all.length} programs:\n${all.join('\n')}`)
          },
          undefined,
          (files, use) => withFluxOn(sandbox, files, use),
        ),
      { env: tracedServer(directory, server) },
    )
  }))

test.run()
