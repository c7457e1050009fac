import { createServer } from 'node:net'
import { join } from 'node:path'
import type { FaultScene } from './scene.js'

/** Who has come to the point, and waits for an answer. */
export interface Question {
  readonly point: string
  readonly processId: number
  readonly parentId: number
}

/** Listens for the process that comes to its point; it goes on when `act` is done. */
export async function controlAt(
  scene: FaultScene,
  act: (question: Question) => Promise<void>,
): Promise<{ socket: string; wasAsked(): boolean; close(): void }> {
  const socket = join(scene.project.directory, 'fault.sock')
  let asked = false
  const server = createServer((connection) => {
    connection.on('error', () => undefined)
    connection.once('data', async (text) => {
      asked = true
      await act(JSON.parse(String(text)) as Question).catch(() => undefined)
      connection.end('go\n')
    })
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  return { socket, wasAsked: () => asked, close: () => server.close() }
}
