/**
 * Loaded into a run (NODE_OPTIONS=--import): it stands still when it has said the line of a stage, until a file is there.
 * HOLD_LINE: the stage; HOLD_FILES: the beginning of the names of the files `…reached` and `…over`.
 */
import { existsSync, writeFileSync } from 'node:fs'

const { HOLD_LINE, HOLD_FILES } = process.env
for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write.bind(stream)
  stream.write = (bytes, ...rest) => {
    const result = write(bytes, ...rest)
    if (String(bytes).startsWith(`✓ ${HOLD_LINE} `)) {
      writeFileSync(`${HOLD_FILES}reached`, '')
      const clock = new Int32Array(new SharedArrayBuffer(4))
      while (!existsSync(`${HOLD_FILES}over`)) Atomics.wait(clock, 0, 0, 20)
    }
    return result
  }
}
