import type { UnsureReason } from './reading.ts'

/** Thrown where the reader can't be sure. It never leaves `openFile`, and holds no word of the file. */
export class Unsure extends Error {
  readonly reason: UnsureReason
  /** Where in the text; 0 where it is about all of it. */
  readonly offset: number

  constructor(reason: UnsureReason, offset = 0) {
    super(reason)
    this.name = 'Unsure'
    this.reason = reason
    this.offset = offset
  }
}
