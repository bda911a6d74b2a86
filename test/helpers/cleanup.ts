type Step = () => unknown

const steps: Step[] = []

/**
 * Has something done after the last test of this process, also when it is interrupted: for what several tests share,
 * as the sandbox. What one test needs is taken away by that test itself.
 */
export function atEnd(step: Step): void {
  steps.push(step)
}

/** Does what `atEnd` collected, last in first out and each once. @returns the errors of the steps that failed */
export async function runAtEnd(): Promise<unknown[]> {
  const errors: unknown[] = []
  for (let step = steps.pop(); step; step = steps.pop()) {
    try {
      await step()
    } catch (error) {
      errors.push(error)
    }
  }
  return errors
}
