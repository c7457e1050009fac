/**
 * The one place through which every side effect of a run goes: a file written, a child started, a statement sent
 * that changes something, a lock taken, a rename. In production the observer only records; the fault tests install
 * one that kills, delays or fails the run before or after a named effect.
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

/**
 * Loads the module that MIGRATE_GUARD_EFFECT_OBSERVER names, if it is set: how the fault tests reach into the
 * built command and the engine host. The module's default export is an EffectObserver.
 */
export async function loadEffectObserver(environment: NodeJS.ProcessEnv): Promise<void> {
  const path = environment.MIGRATE_GUARD_EFFECT_OBSERVER
  if (path) observeEffects(((await import(path)) as { default: EffectObserver }).default)
}
