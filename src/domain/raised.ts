/**
 * What PL/pgSQL raises is said in words of whoever wrote the code: `RAISE EXCEPTION 'customer % cannot be settled', id`. The
 * format stands in the code and may be told; what was put into it may be the value of a row.
 */

/** What a RAISE says as far as it stands in the code. */
export interface RaisedWords {
  /** The format between its values: one more than there are values. */
  readonly message: readonly string[]
  /** Where it is a constant. */
  readonly detail?: string
  readonly hint?: string
  /** The statement of the migration itself: numbers that are put into it are told, as keys are. */
  readonly isOwn?: boolean
}

/** Where it was raised: a line of the body of a function, of a procedure, or of a DO block. */
export interface RaisedPlace {
  /** As the server writes it, `settle(integer)`; undefined for a DO block. */
  readonly routine?: string
  /** The name of the routine alone. */
  readonly name?: string
  readonly schema?: string
  readonly line: number
}

interface Said {
  readonly message: string
  readonly detail?: string | undefined
  readonly hint?: string | undefined
  readonly where?: string | undefined
}

const part = '"(?:[^"]|"")+"|[^".(\\s]+'
const routineName = new RegExp(`^(?:(${part})\\.)?(${part})\\(.*\\)$`)

/** Reads the first line of CONTEXT; undefined when something else than PL/pgSQL, or another language than English, said it. */
export function raisedPlace(where = ''): RaisedPlace | undefined {
  const [innermost = ''] = where.split('\n')
  const [, code, line] = /^PL\/pgSQL function (.+) line (\d+) at (?:RAISE|ASSERT)$/.exec(innermost) ?? []
  if (code === undefined) return undefined
  if (code === 'inline_code_block') return { line: Number(line) }
  const [, schema, name] = routineName.exec(code) ?? []
  if (name === undefined) return undefined
  return {
    routine: code,
    name: unquote(name),
    ...(schema === undefined ? {} : { schema: unquote(schema) }),
    line: Number(line),
  }
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}

/** What may be told of it. */
export interface ToldWords {
  readonly message: string
  readonly detail?: string
  readonly hint?: string
}

/**
 * What may be told of a raised message: the words of the one format that explains it, each value as `maskValue` tells it.
 * @param candidates what can be raised at its place
 * @returns undefined when no format explains it, or several that would tell different things
 */
export function explainRaised(
  said: Said,
  candidates: readonly RaisedWords[],
  { hidden, maskValue }: { readonly hidden: string; readonly maskValue: (value: string) => string },
): ToldWords | undefined {
  const told = candidates.flatMap((words): ToldWords[] => {
    const values = valuesBetween(said.message, words.message)
    if (values === undefined) return []
    const shown = values.map((value) => (words.isOwn ? maskValue(value) : hidden))
    const constant = (text: string | undefined, known: string | undefined) =>
      text !== undefined && text === known ? text : hidden
    return [
      {
        message: words.message.map((fixed, at) => fixed + (shown[at] ?? '')).join(''),
        ...(said.detail === undefined ? {} : { detail: constant(said.detail, words.detail) }),
        ...(said.hint === undefined ? {} : { hint: constant(said.hint, words.hint) }),
      },
    ]
  })
  const [first, ...others] = told
  // What is all values explains everything and says nothing.
  const isSaid = first !== undefined && first.message.replaceAll(hidden, '').trim() !== ''
  return isSaid && others.every(({ message }) => message === first.message) ? first : undefined
}

/**
 * What stands between fixed parts; undefined when the text is not made of them. Each part is taken where it comes first, which
 * finds a way whenever there is one, and in one pass: a regular expression could try for hours at the message of a stranger.
 */
function valuesBetween(text: string, parts: readonly string[]): string[] | undefined {
  const [first = '', ...rest] = parts
  if (!text.startsWith(first)) return undefined
  if (rest.length === 0) return text === first ? [] : undefined
  const last = rest.pop() ?? ''
  const end = text.length - last.length
  const values: string[] = []
  let from = first.length
  for (const fixed of rest) {
    const at = text.indexOf(fixed, from)
    if (at < 0) return undefined
    values.push(text.slice(from, at))
    from = at + fixed.length
  }
  if (from > end || !text.endsWith(last)) return undefined
  values.push(text.slice(from, end))
  return values
}
