import type { Node } from '../../sql/parser.js'
import type { CatalogModel } from '../model.js'
import { lastName, visitTree } from '../tree.js'

/** What migrations take for defaults; used where the server's own list was not read. */
const usualOnes = [
  ...['random', 'gen_random_uuid', 'uuidv4', 'uuidv7', 'clock_timestamp', 'timeofday', 'nextval', 'setval'],
  ...[
    'uuid_generate_v1',
    'uuid_generate_v1mc',
    'uuid_generate_v4',
    'gen_random_bytes',
    'gen_salt',
    'random_normal',
  ],
]

/**
 * An expression that gives another value for every row: as the default of a new column it must be written into each.
 * A function that is not known is taken for one of the server's, most of which are not volatile.
 */
export function isVolatile(catalog: CatalogModel, expression: Node | undefined): boolean {
  const names: string[] = []
  visitTree(expression, (kind, node) => {
    if (kind === 'FuncCall') names.push(lastName(node.funcname))
  })
  return names.some((name) => {
    const ours = catalog.functions.filter((one) => one.name === name)
    if (ours.length > 0) return ours.some(({ volatility }) => volatility === 'volatile')
    return catalog.volatileFunctions?.has(name) ?? usualOnes.includes(name)
  })
}
