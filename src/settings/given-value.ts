const longest = 200

/**
 * A name and the value that it was given, for an error: `--engine "natve"`. A value with an `@` may be a URL that belongs
 * elsewhere, with its password, however broken it is, and a long one nobody wants to read: of these only the name is said.
 */
export function givenValue(name: string, value: string): string {
  return value.includes('@') || value.length > longest ? name : `${name} "${value}"`
}
