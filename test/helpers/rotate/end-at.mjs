/**
 * Loaded into a run (NODE_OPTIONS=--import): it gets a signal right before the n-th time that it changes something on the disk or
 * starts a program. END_LOG: a file for one line of each; END_AT: n; END_SIGNAL: the signal (else SIGKILL);
 * END_MATCH: only what it does that matches this counts, for example what it writes in a cluster.
 */
import childProcess from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import { syncBuiltinESMExports } from 'node:module'

const { END_LOG, END_AT, END_SIGNAL = 'SIGKILL', END_MATCH = '' } = process.env
const log = fs.openSync(END_LOG, 'a')
const { writeSync } = fs
let count = 0

function point(label) {
  if (!new RegExp(END_MATCH).test(label)) return
  count++
  writeSync(log, `${label}\n`)
  if (count === Number(END_AT)) process.kill(process.pid, END_SIGNAL)
}

function wrap(object, name, labelOf) {
  const original = object[name]
  object[name] = (...args) => {
    const label = labelOf(...args)
    if (label !== undefined) point(`${name} ${label}`)
    return original(...args)
  }
}

for (const name of ['renameSync', 'rmSync', 'mkdtempSync', 'writeFileSync', 'fsyncSync', 'mkdirSync'])
  wrap(fs, name, (path) => `${path}`)
wrap(fs, 'openSync', (path, flags) => (/[wa]/.test(`${flags}`) ? `${path}` : undefined))
wrap(childProcess, 'spawn', (program, args) => [program, ...args].join(' ').split('\n')[0])
wrap(http, 'request', ({ method, path }) =>
  method === 'PATCH' && !/dryRun/.test(`${path}`) ? `${path}` : undefined,
)
syncBuiltinESMExports()
