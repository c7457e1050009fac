import type { Node } from './parser.js'

/** Every object in a parse tree, in no order. Without recursion: a sum of a thousand terms is a thousand levels deep. */
export function* nodesIn(tree: unknown): Generator<Node> {
  const waiting = [tree]
  while (waiting.length > 0) {
    const node = waiting.pop()
    if (typeof node !== 'object' || node === null) continue
    yield node
    for (const child of Object.values(node)) if (typeof child === 'object') waiting.push(child)
  }
}
