/** What any program needs to run as it would from the user's shell: where things are, and how to write text and time. */
const anyProgram =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TERM|TMPDIR|TEMP|TMP|TZ|TZDIR|LANG|LANGUAGE|LC_\w+|(LD|DYLD)_\w*LIBRARY_PATH|XDG_\w+)$/

/**
 * The part of our own environment that a child may see: what every program needs, and the variables whose name matches
 * `also`. The rest stays here, above all the passwords and tokens of other things.
 */
export function childEnvironment(also?: RegExp): Record<string, string> {
  const entries = Object.entries(process.env).flatMap(([name, value]): [string, string][] =>
    value !== undefined && (anyProgram.test(name) || also?.test(name)) ? [[name, value]] : [],
  )
  return Object.fromEntries(entries)
}
