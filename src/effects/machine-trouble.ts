import { CheckError } from '../domain/errors.js'

/** What an operating system says when it will not do what it was asked: https://nodejs.org/api/errors.html#common-system-errors */
const words: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'the operation is not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk fails (input/output error)',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open on this machine',
  ENOMEM: 'there is no memory left',
  EAGAIN: 'no more processes can be started',
  ENOTDIR: 'a part of the path is not a folder',
}

/** An error of this machine that is no bug of ours, as one sentence; any other error is given back as it is. */
export function asMachineTrouble(error: unknown): unknown {
  const { code = '', syscall, path } = (error ?? {}) as NodeJS.ErrnoException
  const reason = words[code]
  if (syscall === undefined || reason === undefined) return error
  return new CheckError(
    'machine-trouble',
    `this machine refused what the run needs: ${reason}${path ? ` (${path})` : ''}`,
    {
      hint: 'Look at the disks and at the limits of the account, then run the command again.',
      cause: error,
    },
  )
}
