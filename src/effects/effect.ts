/**
 * The one place through which every side effect of a run goes: a file written, a child started, a statement sent
 * that changes something, a lock taken, a rename. In production nobody observes; the fault tests install an observer
 * that kills, delays or fails the run before or after a named effect. Only a build for the tests can load one from outside
 * (scripts/test-hook.mjs).
 */
export interface EffectObserver {
  before?(name: string): void | Promise<void>
  after?(name: string): void | Promise<void>
}

const observers: EffectObserver[] = []

/** Adds an observer; returns the function that removes it. */
export function observeEffects(observer: EffectObserver): () => void {
  observers.push(observer)
  return () => {
    observers.splice(observers.indexOf(observer), 1)
  }
}

/**
 * Does `work`, announced before and after under `name` (e.g. `backup.pg-dump`).
 * The effect is announced as done only when `work` has not thrown.
 */
export async function effect<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  for (const observer of observers) await observer.before?.(name)
  const result = await work()
  for (const observer of observers) await observer.after?.(name)
  return result
}
