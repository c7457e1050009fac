/** Items of one name together, in the order in which the names come first. (`Map.groupBy` is newer than Node 20.) */
export function groupBy<T>(items: readonly T[], nameOf: (item: T, index: number) => string): T[][] {
  const groups = new Map<string, T[]>()
  items.forEach((item, index) => {
    const name = nameOf(item, index)
    const group = groups.get(name)
    if (group) group.push(item)
    else groups.set(name, [item])
  })
  return [...groups.values()]
}
