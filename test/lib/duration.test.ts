import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseDuration } from '../../scripts/lib/duration.ts'
import { UserError } from '../../scripts/lib/errors.ts'

test('reads durations as Flux writes them', () => {
  const durations = { '90s': 90_000, '5m': 300_000, '1h30m': 5_400_000, '1.5m': 90_000, '500ms': 500 }
  for (const [text, milliseconds] of Object.entries(durations))
    assert.is(parseDuration(text, 'timeout'), milliseconds, text)
})

test('refuses everything else', () => {
  for (const text of ['', '5', 'm', '-5m', '5 m', '5d', '5m30'])
    assert.throws(
      () => parseDuration(text, 'timeout'),
      (error: unknown) =>
        error instanceof UserError && error.message === `--timeout ${text} is not a duration`,
    )
})

test('refuses no time at all', () => {
  for (const text of ['0s', '0h0m', '0.0ms'])
    assert.throws(
      () => parseDuration(text, 'timeout'),
      (error: unknown) =>
        error instanceof UserError && error.message === `--timeout ${text} is no time at all`,
    )
})

test.run()
