import type { Chain } from '../../forecast/chains/chain.js'

/** A database and pending files that are really run once, and held against the forecast in everything. */
export interface CorpusChain {
  /** Where it stands, e.g. `locks`: a row of the table. */
  readonly source: string
  /** Unique within its source. */
  readonly name: string
  readonly setup: string
  /** The text of each pending file. */
  readonly pending: readonly string[]
  /** The role that deploys; a superuser when absent. The setup makes it. */
  readonly role?: string
  /** A statement of the setup that the server refuses is left out: it must only make something to start from. */
  readonly isTolerant?: boolean
}

/** A row of a list of chains: name, pending files and, where it is not that of the list, the setup. */
export type ChainRow = readonly [name: string, pending: string | readonly string[], setup?: string]

/** Chains of one source over the same rows. */
export function chainsOver(source: string, setup: string, rows: readonly ChainRow[]): CorpusChain[] {
  return rows.map(([name, pending, own]) => ({
    source,
    name,
    setup: own ?? setup,
    pending: [pending].flat(),
  }))
}

/** The chains of a test of contents. */
export function chainsOf(source: string, chains: readonly Chain[]): CorpusChain[] {
  return chains.map(({ name, setup, pending }) => ({ source, name, setup, pending }))
}

/** How a chain is named in lists of known ones. */
export function idOf({ source, name }: CorpusChain): string {
  return `${source}: ${name}`
}
