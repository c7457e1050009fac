import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import pg from 'pg'

export interface FakePooler {
  /** The database's URL through the pooler. */
  readonly url: string
  stop(): Promise<void>
}

/** A message of the wire protocol: one byte for its type, four for its length. */
interface Message {
  readonly type: string
  readonly bytes: Buffer
}

interface Backend {
  readonly socket: Socket
  client: Socket | undefined
}

/**
 * A pooler in transaction mode, as small as it can be: it says yes to every login, keeps its own connections to the
 * database, and lends one to a client only while a transaction of it is open. The backend that was given back last is
 * the first to be lent again, as with PgBouncer.
 */
export async function startFakePooler(databaseUrl: string): Promise<FakePooler> {
  const idle: Backend[] = []
  const clients = new Set<Socket>()
  const drivers: pg.Client[] = []

  const openBackend = async (): Promise<Backend> => {
    // The driver knows how to log in; after that the bare socket is enough.
    const driver = new pg.Client(databaseUrl)
    driver.on('error', () => undefined)
    await driver.connect()
    drivers.push(driver)
    const { stream } = (driver as unknown as { connection: { stream: Socket } }).connection
    stream.removeAllListeners('data')
    const backend: Backend = { socket: stream, client: undefined }
    const read = messageReader(({ type, bytes }) => {
      const { client } = backend
      client?.write(bytes)
      // ReadyForQuery with status I: outside a transaction.
      if (type !== 'Z' || bytes.toString('latin1', 5, 6) !== 'I' || client === undefined) return
      backend.client = undefined
      lent.delete(client)
      idle.push(backend)
    })
    stream.on('data', read)
    return backend
  }
  const lent = new Map<Socket, Promise<Backend>>()
  const lend = (client: Socket): Promise<Backend> => {
    const known = lent.get(client)
    if (known) return known
    const free = idle.pop()
    const lending = (free ? Promise.resolve(free) : openBackend()).then((backend) =>
      Object.assign(backend, { client }),
    )
    lent.set(client, lending)
    return lending
  }

  const server = createServer((client) => {
    clients.add(client)
    client.on('error', () => undefined)
    client.on('data', function start(packet: Buffer) {
      // A client that asks for TLS is told that there is none, and goes on in plain text.
      if (packet.length === 8 && packet.readInt32BE(4) === sslRequest) return void client.write('N')
      client.off('data', start)
      // The startup packet: its settings are forgotten, as poolers do. AuthenticationOk, BackendKeyData, ReadyForQuery.
      client.write(Buffer.from('520000000800000000' + '4b0000000c0000000100000001' + '5a0000000549', 'hex'))
      let order: Promise<unknown> = Promise.resolve()
      const read = messageReader(({ type, bytes }) => {
        if (type === 'X') return
        order = order.then(async () => (await lend(client)).socket.write(bytes))
      })
      client.on('data', read)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${port}` }).href,
    stop: async () => {
      for (const client of clients) client.destroy()
      for (const driver of drivers) driver.connection?.stream.destroy()
      server.close()
    },
  }
}

/** https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-SSLREQUEST */
const sslRequest = 80_877_103

/** Cuts what comes on a socket into whole messages. */
function messageReader(onMessage: (message: Message) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
      const length = rest.readInt32BE(1) + 1
      onMessage({ type: rest.toString('latin1', 0, 1), bytes: rest.subarray(0, length) })
      rest = rest.subarray(length)
    }
  }
}
