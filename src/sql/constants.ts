import type { Node } from './parser.js'

/** The text constants of a statement, as their values: without quotes, escapes and casts. */
export function constantsIn(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return []
  const value: string | undefined = (node as Node).A_Const?.sval?.sval
  return [...(value === undefined ? [] : [value]), ...Object.values(node).flatMap(constantsIn)]
}

/** The bodies of a DO block or a function: `DO $$ … $$`, `AS $$ … $$`. */
export function codeIn(node: Node): string[] {
  const options: Node[] = [...(node.args ?? []), ...(node.options ?? [])]
  return options
    .filter(({ DefElem }) => DefElem?.defname === 'as')
    .flatMap(({ DefElem: { arg } }) => arg.List?.items ?? [arg])
    .map(({ String: text }) => text?.sval ?? '')
}
