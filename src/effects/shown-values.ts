import { AsyncLocalStorage } from 'node:async_hooks'

const shown = new AsyncLocalStorage<boolean>()

/**
 * Whether what is done meanwhile may show the values of rows: what `--show-values` asks for. Of several runs in one process
 * each has its own.
 */
export function withShownValues<T>(show: boolean, work: () => T): T {
  return shown.run(show, work)
}

/** False unless somebody has asked for it. */
export function showsValues(): boolean {
  return shown.getStore() ?? false
}
