/** Conditions in SQL, all of which must hold; those that always do are left out. */
export function allOf(...conditions: readonly string[]): string {
  const telling = conditions.filter((condition) => condition !== 'true')
  return telling.length > 0 ? telling.join(' AND ') : 'true'
}
