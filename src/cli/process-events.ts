const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Borrows the signals that ask a program to stop: they abort instead of ending the process, so that the run can leave
 * a known state. SIGHUP comes when the terminal is closed.
 */
export async function withStopSignal<T>(
  work: (signal: AbortSignal, stop: () => void) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const stop = () => controller.abort()
  for (const signal of signals) process.on(signal, stop)
  // Writing to a terminal that is gone must not end the run half-way.
  process.stdout.on('error', stop)
  process.stderr.on('error', stop)
  try {
    return await work(controller.signal, stop)
  } finally {
    for (const signal of signals) process.off(signal, stop)
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
