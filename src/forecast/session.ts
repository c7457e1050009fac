import type { CatalogModel } from './model.js'

/** Settings that change what a statement means, by the names of the catalog model. */
type Settings = Pick<CatalogModel, 'searchPath' | 'isReplica' | 'timeZone'>

export type Setting = keyof Settings

/** The setting that each of these names stands for: https://www.postgresql.org/docs/current/runtime-config-client.html */
export const settingsByName: Readonly<Record<string, Setting>> = {
  search_path: 'searchPath',
  session_replication_role: 'isReplica',
  timezone: 'timeZone',
}

/**
 * The settings of the session. What the catalog model holds counts now; SET LOCAL counts until the transaction ends, and
 * a ROLLBACK undoes SET: https://www.postgresql.org/docs/current/sql-set.html
 */
export class Session {
  /** What counts again once the transaction has ended. */
  afterTransaction: Settings
  /** It did not begin with its settings, so that RESET does not lead back to them: Prisma's own engine SETs them. */
  isPrismas = false
  readonly #start: Settings

  constructor(private readonly catalog: CatalogModel) {
    this.#start = settingsOf(catalog)
    this.afterTransaction = this.#start
  }

  set<Name extends Setting>(name: Name, value: Settings[Name], isLocal: boolean): void {
    this.#assign({ [name]: value })
    if (!isLocal) this.afterTransaction = { ...this.afterTransaction, [name]: value }
  }

  /** Back to what the session began with. */
  reset(names: readonly Setting[], isLocal = false): void {
    for (const name of names) this.set(name, this.#start[name], isLocal)
  }

  resetAll(): void {
    this.reset(Object.values(settingsByName))
  }

  endTransaction(): void {
    this.#assign(this.afterTransaction)
  }

  #assign(settings: Partial<Settings>): void {
    // A time zone that is not known is absent.
    if ('timeZone' in settings && settings.timeZone === undefined) delete this.catalog.timeZone
    const { timeZone, ...rest } = settings
    Object.assign(this.catalog, rest, timeZone === undefined ? {} : { timeZone })
  }
}

function settingsOf({ searchPath, isReplica, timeZone }: CatalogModel): Settings {
  return { searchPath, isReplica, ...(timeZone === undefined ? {} : { timeZone }) }
}
