/** A part of the report. The text report and the Markdown report say the same sections, each in its own way. */
export interface Section {
  readonly title: string
  readonly blocks: readonly Block[]
}

/** Blocks hold names as they came from the database; whoever prints a block cleans them. */
export type Block =
  | { readonly kind: 'sentence' | 'loud'; readonly text: string }
  | { readonly kind: 'facts'; readonly facts: readonly Fact[] }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | {
      readonly kind: 'table'
      readonly head: readonly string[]
      readonly rows: readonly (readonly string[])[]
    }
  | { readonly kind: 'verbatim'; readonly text: string }

export type Fact = readonly [label: string, value: string]
