/** A question with the links of the chain that it reads, directly or not. */
export interface Reading<T> {
  readonly item: T
  readonly links: ReadonlySet<string>
}

/** A question that reads fewer links costs so little that it is asked by itself. */
const fewestLinks = 12

/** So many questions are asked at once: the server keeps what each of them sorts and hashes until the end of all. */
const mostItems = 128

/**
 * Puts questions that read much of the same chain into bundles, each to be asked in one query. Asked one by one, each
 * question has the server compute the chain again, from today's rows up to its own link: the cost of many statements
 * on one table grows with the square of their number. In one query each link is computed once and kept.
 *
 * @param mostLinks how many links the questions of one bundle may read together
 * @returns bundles of two or more, and the questions that are best asked by themselves, both in the order given
 */
export function bundlesOf<T>(
  readings: readonly Reading<T>[],
  mostLinks: number,
): { readonly bundles: readonly (readonly T[])[]; readonly single: readonly T[] } {
  const open: { items: T[]; links: Set<string> }[] = []
  const single = new Set<T>()
  for (const { item, links } of readings) {
    if (links.size < fewestLinks) {
      single.add(item)
      continue
    }
    const fitting = open.find(
      (bundle) => bundle.items.length < mostItems && isOfSameChain(bundle.links, links, mostLinks),
    )
    if (fitting) {
      fitting.items.push(item)
      for (const link of links) fitting.links.add(link)
    } else open.push({ items: [item], links: new Set(links) })
  }
  for (const { items } of open) if (items.length === 1) single.add(items[0] as T)
  return {
    bundles: open.map(({ items }) => items).filter(({ length }) => length > 1),
    single: readings.map(({ item }) => item).filter((item) => single.has(item)),
  }
}

/** Whether half of what the shorter reads is common to both, and both together are no more than so many links. */
function isOfSameChain(one: ReadonlySet<string>, other: ReadonlySet<string>, mostLinks: number): boolean {
  let common = 0
  for (const link of other) if (one.has(link)) common += 1
  return common * 2 >= Math.min(one.size, other.size) && one.size + other.size - common <= mostLinks
}
