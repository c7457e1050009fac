import pg from 'pg'
import { isRaised, withoutValues } from '../domain/quoted-values.js'
import type { RaisedWords } from '../domain/raised.js'
import { showsValues } from '../effects/shown-values.js'
import { definitionsReader, findRaisedWords, SentCode } from './raised-code.js'
import { type AssuredSession, assureSession, setByHandAgain } from './session-settings.js'

/** The driver's own socket, which its types do not show. */
interface Inside {
  /** False while the answer of a query is waited for. */
  readonly readyForQuery?: boolean
  readonly connection: { readonly stream: NodeJS.ReadWriteStream & Stream }
}

type ConnectCallback = ((error: Error) => void) | ((error: null, client: pg.Client) => void)

interface Stream {
  readonly bytesRead: number
  readonly bytesWritten: number
  destroy(error?: Error): void
}

/** A wire that is silent is looked at this often. */
const tickMs = 5_000
/** So many silent ticks before the server is asked what it does for us, and again after as many. */
const silentTicks = 2
const lookTimeoutMs = 5_000
/** So many times in a row the server cannot be reached before the wire is given up. */
const unreachableLooks = 3
const endTimeoutMs = 5_000

/**
 * A connection that notices when its answer is lost. A wire that was cut without a word (a firewall, a proxy, a host that
 * died) would keep a query waiting for ever: TCP tells nobody who only listens. So when nothing moves for ten seconds while
 * an answer is due, a second connection asks what the server does for the first one; when it does nothing, the answer is
 * not on its way, and the query fails with "Connection terminated". However long a query really takes, it is waited for.
 *
 * What the server says of a failure is told without the values of rows from here on, unless they may be shown.
 */
export class WatchedClient extends pg.Client {
  constructor(config: pg.ClientConfig) {
    super(config)
    // A connection that breaks while idle must not end the process; the next query on it fails and is reported.
    this.on('error', () => undefined)
    this.once('connect', () => watch(this, config))
    this.query = maskingQuery(this.query.bind(this) as Query, config) as typeof this.query
    this.#config = config
  }

  readonly #config: pg.ClientConfig
  #session: AssuredSession | undefined

  /** Opens the session and makes sure of its settings, before anybody else can ask on it. */
  override connect(): Promise<pg.Client>
  override connect(callback: ConnectCallback): void
  override connect(callback?: ConnectCallback): Promise<pg.Client> | undefined {
    const opened = super.connect().then(async () => {
      this.#session = await assureSession(this, this.#config)
      return this as pg.Client
    })
    if (callback === undefined) return opened
    const told = callback as (error: Error | null, client?: pg.Client) => void
    opened.then(() => told(null, this), told)
    return undefined
  }

  /** The server's process for this session. */
  get backendPid(): number {
    return this.#session?.backendPid ?? 0
  }

  /** Sets again what a pooler kept from the startup packet and a RESET took back: one setting, or all of them. */
  async restoreSession(name?: string): Promise<void> {
    if (this.#session) await setByHandAgain(this, this.#session, name)
  }

  /** Ends the session; a server that does not answer to that is not waited for. */
  override end(): Promise<void>
  override end(callback: (error: Error) => void): void
  override end(callback?: (error: Error) => void): Promise<void> | void {
    const cut = setTimeout(() => streamOf(this).destroy(), endTimeoutMs)
    // A session that has ended already does not say so again; the process must not wait for that.
    cut.unref()
    this.once('end', () => clearTimeout(cut))
    return callback ? super.end(callback) : super.end()
  }
}

type Query = (...given: unknown[]) => unknown

/** The query of the driver, whose errors quote no values. Errors of a cursor go another way; we have none. */
function maskingQuery(query: Query, config: pg.ClientConfig): Query {
  const sent = new SentCode()
  const read = definitionsReader(config)
  return (...given) => {
    const show = showsValues()
    const [first] = given
    const sql = typeof first === 'string' ? first : String((first as { text?: string } | null)?.text ?? '')
    sent.add(sql)
    /** At once, unless the words of a RAISE are looked for. */
    const tellMasked = (error: unknown, tell: (masked: unknown) => void) => {
      if (show || !isOfServer(error)) tell(error)
      else if (!isRaised(error)) tell(hideValues(error))
      else
        findRaisedWords(error.where, { sql, sent, read }).then(
          (words) => tell(hideValues(error, words)),
          tell,
        )
    }
    const callback = given.findIndex((one) => typeof one === 'function')
    if (callback >= 0) {
      const tell = given[callback] as (error: unknown, result: unknown) => void
      return query(
        ...given.with(callback, (error: unknown, result: unknown) =>
          tellMasked(error, (masked) => tell(masked, result)),
        ),
      )
    }
    const answer = query(...given)
    return answer instanceof Promise
      ? answer.catch((error) => new Promise((_, reject) => tellMasked(error, reject)))
      : answer
  }
}

interface ServerError extends Error {
  severity?: string
  code?: string
  detail?: string
  hint?: string
  where?: string
  routine?: string
  internalQuery?: string
}

/** The server has said it: it can be asked what stands in its code. Without a severity the connection is gone. */
function isOfServer(error: unknown): error is ServerError {
  return error instanceof Error && 'severity' in error
}

/** In place, so that whoever prints it in any way prints no value: with its trace, or with all that belongs to it. */
function hideValues(said: ServerError, words: readonly RaisedWords[] = []): unknown {
  const { message, stack = '' } = said
  Object.assign(said, withoutValues(said, words))
  // It may quote what a function has put together from rows.
  delete said.internalQuery
  said.stack = stack.replace(message, () => said.message)
  return said
}

function streamOf(client: pg.Client): Stream {
  return (client as unknown as Inside).connection.stream
}

function watch(client: WatchedClient, config: pg.ClientConfig): void {
  const inside = client as unknown as Inside
  const stream = streamOf(client)
  let bytes = 0
  let ticks = 0
  let unreachable = 0
  const giveUp = (why: string) =>
    stream.destroy(new Error(`Connection terminated: the answer of the server is lost, ${why}`))
  const tick = async () => {
    const moved = stream.bytesRead + stream.bytesWritten
    const isDue = inside.readyForQuery === false
    ticks = isDue && moved === bytes ? ticks + 1 : 0
    bytes = moved
    if (ticks < silentTicks) return
    ticks = 0
    const found = await look(client.backendPid, config)
    // It may have come in the meantime.
    if (inside.readyForQuery !== false || stream.bytesRead + stream.bytesWritten !== bytes) return
    unreachable = found === 'unreachable' ? unreachable + 1 : 0
    if (found === 'nothing to do') giveUp('it waits for us')
    else if (unreachable >= unreachableLooks) giveUp('it cannot be reached any more')
  }
  const timer = setInterval(() => void tick().catch(() => undefined), tickMs)
  timer.unref()
  client.once('end', () => clearInterval(timer))
}

/**
 * What the server does for a session of ours, asked on another connection. One that has sent its last answer is idle; one
 * that cannot get rid of its answer waits in ClientWrite.
 */
async function look(
  processId: number,
  config: pg.ClientConfig,
): Promise<'at work' | 'nothing to do' | 'unreachable'> {
  const other = new pg.Client({
    ...config,
    // A pool hides it from such a copy.
    password: config.password,
    application_name: 'migrate-guard watch',
    connectionTimeoutMillis: lookTimeoutMs,
    query_timeout: lookTimeoutMs,
  })
  other.on('error', () => undefined)
  try {
    await other.connect()
    const { rows } = await other.query(
      `SELECT state IS NULL OR (state = 'active' AND wait_event IS DISTINCT FROM 'ClientWrite')
              OR state_change > pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $2) AS busy
         FROM pg_catalog.pg_stat_activity WHERE pid = $1`,
      [processId, (tickMs * silentTicks) / 2_000],
    )
    return rows[0]?.busy ? 'at work' : 'nothing to do'
  } catch (error) {
    // A server that refuses us, for example because it has no connection left, is there.
    return 'severity' in (error as object) ? 'at work' : 'unreachable'
  } finally {
    void other.end().catch(() => undefined)
  }
}
