// Stands in for '@jest/globals' where the harness runs as a program of its own.
const atTheEnd: (() => Promise<void>)[] = []

/** Remembers what `finish` does. */
export function afterAll(work: () => Promise<void>): void {
  atTheEnd.push(work)
}

/** Does what the support files want to be done after the last chain: open sessions would keep the program alive. */
export async function finish(): Promise<void> {
  for (const work of atTheEnd) await work()
}
