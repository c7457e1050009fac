import type { TargetRefusal } from '../domain/target-refusal.js'
import type { Client } from './connection.js'

/** Texts sent together; the server needs some ten times as much memory to read them. */
const bytesTogether = 1_000_000
/** Behind this many refusals nobody needs to know more. */
const mostRefusals = 20

/** With more than one statement the server reads all of them, and then refuses to prepare them, so nothing is looked up. */
const tail = '\n;SELECT 1;SELECT 1'

/**
 * Asks the target's own parser for the texts that it cannot read, by their place in `texts`. Nothing can run: the texts
 * are sent to be parsed and never to be executed, and several statements at once cannot even be prepared.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
 * @param client outside a transaction, which a refusal would end
 */
export async function findUnreadable(
  client: Client,
  texts: readonly string[],
): Promise<ReadonlyMap<number, TargetRefusal>> {
  const found = new Map<number, TargetRefusal>()
  let from = 0
  while (from < texts.length && found.size < mostRefusals) {
    const batch = takeTogether(texts, from)
    const error = await parse(client, batch.join('\n;') + tail)
    if (isReadAll(error)) {
      from += batch.length
      continue
    }
    const at = await refusedOf(client, batch, error)
    if (at === undefined) {
      from += batch.length
      continue
    }
    found.set(from + at.place, at.refusal)
    from += at.place + 1
  }
  return found
}

/** What the target says of one statement of ours: it looks its names up, and runs nothing. Undefined when all is well. */
export async function askMeaning(client: Client, sql: string): Promise<TargetRefusal | undefined> {
  const error = await parse(client, sql)
  return error && { sqlstate: error.code ?? '', message: error.message }
}

/** Whether somebody has made a function of this name: a word that the server does not know may then mean it. */
export async function hasFunction(client: Client, name: string): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT FROM pg_catalog.pg_proc
      WHERE proname OPERATOR(pg_catalog.=) $1 AND pronamespace OPERATOR(pg_catalog.<>) 'pg_catalog'::pg_catalog.regnamespace
      LIMIT 1`,
    [name],
  )
  return rows.length > 0
}

/** The first of the texts that is refused. */
async function refusedOf(
  client: Client,
  batch: readonly string[],
  error: ServerError,
): Promise<{ place: number; refusal: TargetRefusal } | undefined> {
  const likely = placeOf(batch, Number(error.position))
  const order = likely === undefined ? batch.keys() : [likely, ...batch.keys()]
  for (const place of order) {
    const own = await parse(client, batch[place] + tail)
    if (isReadAll(own)) continue
    // What ends too early is refused at our tail; without it the words are those of a deploy.
    const alone = (await parse(client, batch[place] ?? '')) ?? own
    return { place, refusal: { sqlstate: alone.code ?? '', message: alone.message } }
  }
  return undefined
}

/** The server counts characters from 1, where JavaScript counts halves of some. */
function placeOf(batch: readonly string[], position: number): number | undefined {
  let end = 0
  for (const [place, text] of batch.entries()) {
    end += [...text].length + 2
    if (position <= end) return place
  }
  return undefined
}

function takeTogether(texts: readonly string[], from: number): readonly string[] {
  let to = from
  let bytes = 0
  while (to < texts.length && (to === from || bytes + (texts[to]?.length ?? 0) < bytesTogether)) {
    bytes += texts[to]?.length ?? 0
    to += 1
  }
  return texts.slice(from, to)
}

type ServerError = Error & { code?: string; severity?: string; position?: string }

/** It has read all of it and found more than one statement, which is no error at any one place of the text. */
function isReadAll(error: ServerError | undefined): error is undefined {
  return error === undefined || (error.code === '42601' && error.position === undefined)
}

/** SQLSTATE classes of what a text itself is refused for: its syntax and names, and its characters. */
const aboutTheText = /^(42|22|0A|54)/

/** @throws what is no answer to the question */
async function parse(client: Client, text: string): Promise<ServerError | undefined> {
  const error = await new Promise<ServerError | undefined>((resolve) => {
    client.query(new ParseOnly(text, resolve))
  })
  if (error && !(error.severity !== undefined && aboutTheText.test(error.code ?? ''))) throw error
  return error
}

interface Wire {
  parse(message: { name: string; text: string; types: [] }): void
  sync(): void
}

/** The driver's own way to send other messages than its queries, as its cursors do. */
class ParseOnly {
  constructor(
    private readonly text: string,
    private readonly done: (error?: ServerError) => void,
  ) {}

  submit(wire: unknown): void {
    const { parse, sync } = wire as Wire
    parse.call(wire, { name: '', text: this.text, types: [] })
    sync.call(wire)
  }

  handleError(error: ServerError): void {
    this.done(error)
  }

  handleReadyForQuery(): void {
    this.done()
  }
}
