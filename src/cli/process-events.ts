import type { AskBeforeStop } from '../domain/surroundings.js'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** What a run needs to know of the signals. */
export interface StopSignals {
  readonly signal: AbortSignal
  readonly stop: () => void
  /** Absent without a person at a terminal: then every signal stops at once. */
  readonly askBeforeStop?: AskBeforeStop
}

/**
 * Borrows the signals that ask a program to stop: they abort instead of ending the process, so that the run can leave
 * a known state. SIGHUP comes when the terminal is closed. With a person at the terminal, the first Ctrl-C during the
 * deploy only asks.
 */
export async function withStopSignal<T>(
  { interactive }: { readonly interactive: boolean },
  work: (signals: StopSignals) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  let ask: (() => void) | undefined
  const stop = () => controller.abort()
  const onSignal = (name: NodeJS.Signals) => {
    const asked = ask
    if (name !== 'SIGINT' || asked === undefined) return stop()
    ask = undefined
    asked()
  }
  const askBeforeStop: AskBeforeStop = async (asked, during) => {
    ask = asked
    try {
      return await during()
    } finally {
      ask = undefined
    }
  }
  for (const signal of signals) process.on(signal, onSignal)
  // Writing to a terminal that is gone must not end the run half-way.
  process.stdout.on('error', stop)
  process.stderr.on('error', stop)
  try {
    return await work({ signal: controller.signal, stop, ...(interactive ? { askBeforeStop } : {}) })
  } finally {
    for (const signal of signals) process.off(signal, onSignal)
  }
}

/**
 * Borrows the errors that nobody caught, so that a run can end in order and say what state it leaves. That the terminal
 * is gone is no such error: then the run is stopped.
 */
export async function withCrashPromise<T>(
  stop: () => void,
  work: (crash: Promise<never>) => Promise<T>,
): Promise<T> {
  let reject: (error: unknown) => void = () => undefined
  const crash = new Promise<never>((_, rejectCrash) => {
    reject = rejectCrash
  })
  // When nobody waits for it any more, it must not count as an error that nobody caught.
  crash.catch(() => undefined)
  const onCrash = (error: unknown) => (isTerminalGone(error) ? stop() : reject(error))
  process.on('uncaughtException', onCrash)
  process.on('unhandledRejection', onCrash)
  try {
    return await work(crash)
  } finally {
    process.off('uncaughtException', onCrash)
    process.off('unhandledRejection', onCrash)
  }
}

/** The question sets the terminal to raw mode and back; what it reads from and prints to may be gone by then. */
function isTerminalGone(error: unknown): boolean {
  const { code, syscall = '' } = (error ?? {}) as NodeJS.ErrnoException
  return code === 'EIO' && ['setRawMode', 'read', 'write'].includes(syscall)
}
