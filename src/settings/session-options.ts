/**
 * The run-time parameters in the `options` of a database URL: `-c name=value`, `-cname=value` or `--name=value`, with a backslash
 * before a space that belongs to a value. The last of a name counts. Names are in lower case, with `_` for `-`.
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-OPTIONS
 */
export function readSessionOptions(options = ''): ReadonlyMap<string, string> {
  const words = (options.match(/(?:\\.|\S)+/g) ?? []).map((word) => word.replace(/\\(.)/g, '$1'))
  const parameters = new Map<string, string>()
  words.forEach((word, i) => {
    const text = words[i - 1] === '-c' ? word : /^(?:-c|--)(.+)$/s.exec(word)?.[1]
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(text ?? '') ?? []
    if (name !== undefined && value !== undefined)
      parameters.set(name.toLowerCase().replaceAll('-', '_'), value)
  })
  return parameters
}
