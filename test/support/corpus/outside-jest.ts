// Stands in for '@jest/globals' where the harness runs as a program of its own.

/** Does the work when the program has nothing more to do. */
export function afterAll(work: () => Promise<void>): void {
  process.once('beforeExit', () => void work())
}
