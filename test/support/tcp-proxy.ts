import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** How a wire ends: torn, closed in order, everything lost without a word, or every message late. */
export type Cut = 'reset' | 'close' | 'black hole' | 'slow'

/** Where a connection is cut: at a message of the client, before it reaches the server or when its answer comes. */
export interface CutPoint {
  /** Which connections, by their application_name. */
  readonly session: RegExp
  /** The text of a query, as it stands in a Query or a Parse message; `startup` for the first message. */
  readonly message: RegExp | 'startup'
  readonly when: 'before it is sent' | 'reply lost'
}

export interface TcpProxy {
  readonly port: number
  /** Whether a connection was cut. */
  wasCut(): boolean
  /** Nothing is cut any more, and what hangs is let go. */
  heal(): void
  close(): Promise<void>
}

const slowMs = 120

/**
 * Stands between clients and a PostgreSQL server, reads the messages of their protocol and cuts one connection at one
 * point: https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export async function startTcpProxy(
  server: { readonly host: string; readonly port: number },
  point: CutPoint,
  cut: Cut,
): Promise<TcpProxy> {
  const open = new Set<Wire>()
  let isWhole = false
  let cuts = 0
  const listener = createServer((client) => {
    const wire = new Wire(client, connect(server), {
      point,
      cut,
      // Only the first one that comes there, unless the whole line is slow.
      mayCut: () => !isWhole && (cuts === 0 || cut === 'slow'),
      onCut: () => {
        cuts += 1
      },
      onEnd: () => open.delete(wire),
    })
    open.add(wire)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const endAll = () => {
    for (const wire of open) wire.tear()
  }
  return {
    port: (listener.address() as { port: number }).port,
    wasCut: () => cuts > 0,
    heal: () => {
      isWhole = true
      endAll()
    },
    close: async () => {
      endAll()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}

interface WireOptions {
  readonly point: CutPoint
  readonly cut: Cut
  mayCut(): boolean
  onCut(): void
  onEnd(): void
}

type State = 'whole' | 'waiting for the reply' | 'lost' | 'slow'

/** Types of the client's messages that carry the text of a query: Query and Parse. */
const isQuery = (type: number) => type === 0x51 || type === 0x50
/** ReadyForQuery: the server has done all that was asked. */
const readyForQuery = 0x5a

class Wire {
  #state: State = 'whole'
  #session = ''
  #started = false
  #fromClient = Buffer.alloc(0)
  #fromServer = Buffer.alloc(0)
  #toServer: Promise<unknown> = Promise.resolve()
  #toClient: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    private readonly options: WireOptions,
  ) {
    client.setNoDelay(true)
    server.setNoDelay(true)
    for (const socket of [client, server]) socket.on('error', () => undefined)
    client.on('data', (chunk) => this.#readClient(chunk))
    server.on('data', (chunk) => this.#readServer(chunk))
    client.on('end', () => this.#state !== 'lost' && server.end())
    server.on('end', () => this.#state !== 'lost' && client.end())
    // A black hole tells neither side that the other one is gone.
    client.on('close', () => this.#state !== 'lost' && server.destroy())
    server.on('close', () => this.#state !== 'lost' && client.destroy())
    client.on('close', () => server.destroyed && options.onEnd())
  }

  tear(): void {
    this.client.destroy()
    this.server.destroy()
  }

  #readClient(chunk: Buffer): void {
    if (this.#state === 'lost') return
    this.#fromClient = Buffer.concat([this.#fromClient, chunk])
    for (let message = this.#nextOfClient(); message; message = this.#nextOfClient()) {
      if (this.#state === 'whole' && this.#isPoint(message) && this.options.mayCut()) this.#atPoint()
      if ((this.#state as State) === 'lost') return
      this.#send('server', message)
    }
  }

  /** The first messages have no type; the rest have one byte of it, and all have their length. */
  #nextOfClient(): Buffer | undefined {
    const from = this.#started ? 1 : 0
    if (this.#fromClient.length < from + 4) return undefined
    const length = from + this.#fromClient.readInt32BE(from)
    if (this.#fromClient.length < length) return undefined
    const message = this.#fromClient.subarray(0, length)
    this.#fromClient = this.#fromClient.subarray(length)
    if (!this.#started && message.readInt32BE(4) === 196_608) {
      this.#started = true
      const words = message.toString('utf8', 8).split('\0')
      this.#session = words[words.indexOf('application_name') + 1] ?? ''
    }
    return message
  }

  #isPoint(message: Buffer): boolean {
    const { session, message: wanted } = this.options.point
    if (!session.test(this.#session)) return false
    if (wanted === 'startup') return message.readInt32BE(4) === 196_608
    return isQuery(message[0] ?? 0) && wanted.test(message.toString('utf8', 5))
  }

  #atPoint(): void {
    if (this.options.cut === 'slow') this.#state = 'slow'
    else if (this.options.point.when === 'reply lost') this.#state = 'waiting for the reply'
    else this.#lose()
    if (this.#state === 'slow') this.options.onCut()
  }

  #readServer(chunk: Buffer): void {
    if (this.#state === 'lost') return
    if (this.#state !== 'waiting for the reply') {
      this.#send('client', chunk)
      return
    }
    // Nothing of the answer goes on; when it is whole, the server has done its work.
    this.#fromServer = Buffer.concat([this.#fromServer, chunk])
    for (;;) {
      if (this.#fromServer.length < 5) return
      const length = 1 + this.#fromServer.readInt32BE(1)
      if (this.#fromServer.length < length) return
      if (this.#fromServer[0] === readyForQuery) {
        this.#lose()
        return
      }
      this.#fromServer = this.#fromServer.subarray(length)
    }
  }

  #send(to: 'client' | 'server', bytes: Buffer): void {
    const socket = to === 'client' ? this.client : this.server
    const queue = to === 'client' ? this.#toClient : this.#toServer
    const isLate = this.#state === 'slow'
    // In the order in which they came.
    const sent = queue.then(async () => {
      if (isLate) await sleep(slowMs)
      if (!socket.destroyed && this.#state !== 'lost') socket.write(bytes)
    })
    if (to === 'client') this.#toClient = sent
    else this.#toServer = sent
  }

  #lose(): void {
    this.#state = 'lost'
    this.options.onCut()
    const both = [this.client, this.server]
    if (this.options.cut === 'reset') for (const socket of both) socket.resetAndDestroy()
    if (this.options.cut === 'close') for (const socket of both) socket.end()
  }
}
