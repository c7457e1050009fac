import { execa } from 'execa'
import type { Place } from './throw-away-place.js'

/**
 * Waits for the end of its standard input, which comes when the guard is dead, however it died; a word before it says that
 * the server was stopped in order. Its arguments are the server's process, the folder of the server, and the one around it.
 */
const script = `
trap '' INT TERM HUP
read -r word
[ "$word" = stopped ] && exit 0
kill -QUIT "$1" 2>/dev/null
tries=0
while kill -0 "$1" 2>/dev/null && [ "$tries" -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
kill -KILL "$1" 2>/dev/null
rm -rf -- "$2" "$3" 2>/dev/null
`

/**
 * Ends the server and removes its rows when this process is gone without having stopped it: nobody can act on his own
 * SIGKILL. It is a process of its own, in a session of its own, and of the server's account, so that it can end and remove
 * nothing of anybody else's.
 * @returns what is called when the server was stopped.
 */
export function watchOverServer({ outer, directory, account }: Place, server: number): () => void {
  const watch = execa('/bin/sh', ['-c', script, 'migrate-guard-watch', String(server), directory, outer], {
    reject: false,
    buffer: false,
    detached: true,
    cleanup: false,
    cwd: '/',
    extendEnv: false,
    env: { PATH: process.env.PATH },
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
    ...account,
  })
  // A caller that forgets the server must still come to its end.
  watch.unref()
  const input = watch.stdin as typeof watch.stdin & { unref?(): void }
  input.unref?.()
  input.on('error', () => undefined)
  return () => input.end('stopped\n')
}
