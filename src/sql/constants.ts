import { nodesIn } from './nodes.js'
import type { Node } from './parser.js'

/** The text constants of a statement, as their values: without quotes, escapes and casts. */
export function constantsIn(node: Node): string[] {
  const constants: string[] = []
  for (const { A_Const } of nodesIn(node))
    if (A_Const?.sval?.sval !== undefined) constants.push(A_Const.sval.sval)
  return constants
}

/** The bodies of a DO block or a function: `DO $$ … $$`, `AS $$ … $$`. */
export function codeIn(node: Node): string[] {
  // Of some statements the options are a number.
  const options: Node[] = [node.args, node.options].filter(Array.isArray).flat()
  return options
    .filter(({ DefElem }) => DefElem?.defname === 'as')
    .flatMap(({ DefElem: { arg } }) => arg.List?.items ?? [arg])
    .map(({ String: text }) => text?.sval ?? '')
}
