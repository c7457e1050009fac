const longest = 200

/**
 * A name and the value that it was given, for an error: `--engine "natve"`. A value with an `@` or a `:` may be a URL that
 * belongs elsewhere, with its password, however broken it is, and a long one nobody wants to read: of these only the name
 * is said.
 */
export function givenValue(name: string, value: string): string {
  return /[@:]/.test(value) ? name : shortValue(name, value)
}

/** The same for `--accept`, where a `:` stands between code and object. */
export function givenSubject(name: string, value: string): string {
  return /@|:\//.test(value) ? name : shortValue(name, value)
}

function shortValue(name: string, value: string): string {
  return value.length > longest ? name : `${name} "${value}"`
}
