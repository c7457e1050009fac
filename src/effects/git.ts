import { ProjectError, SettingsError } from '../domain/errors.js'
import { childEnvironment } from './child-environment.js'
import { type ProcessResult, runProcess } from './run-process.js'

/** What a folder under git held at a commit, compared with what it holds now. Paths are relative to the folder. */
export interface FolderAtCommit {
  /** Names of the folders in it at the commit. */
  readonly folders: ReadonlySet<string>
  /** Files that were there at the commit and are different now, or gone. */
  readonly changed: readonly { readonly path: string; readonly removed: boolean }[]
}

/**
 * Asks git what a folder held at a commit. Changes nothing, not even git's index.
 * @throws SettingsError when the repository has no such commit
 * @throws ProjectError when git is missing, or the folder is in no repository
 */
export async function readFolderAtCommit(directory: string, ref: string): Promise<FolderAtCommit> {
  const commit = await findCommit(directory, ref)
  const [folders, changes] = await Promise.all([
    git(directory, ['ls-tree', '-d', '-z', '--name-only', commit]),
    git(directory, [
      'diff',
      '--no-ext-diff',
      '--no-renames',
      '--relative',
      '--name-status',
      '-z',
      commit,
      '--',
      '.',
    ]),
  ])
  for (const { exitCode, stderr } of [folders, changes]) if (exitCode !== 0) throw notInGit(directory, stderr)
  return { folders: new Set(splitByNul(folders.stdout)), changed: readChanges(splitByNul(changes.stdout)) }
}

async function findCommit(directory: string, ref: string): Promise<string> {
  // A ref never begins with a hyphen; git would take it for an option.
  const unknown = new SettingsError('unknown-git-ref', `--since "${ref}" is no commit of this repository`, {
    hint: 'Correct it, or fetch it first: a checkout in CI often has only the newest commit (fetch-depth: 0 gets all).',
  })
  if (ref.startsWith('-')) throw unknown
  const found = await git(directory, ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`])
  if (found.notStarted) {
    throw new ProjectError('git-missing', '--since asks git, which is not installed', {
      hint: 'Install git, or leave --since out.',
    })
  }
  if (found.exitCode === 0) return found.stdout.trim()
  throw found.exitCode === 128 ? notInGit(directory, found.stderr) : unknown
}

function notInGit(directory: string, stderr: string): ProjectError {
  const reason = stderr.split('\n')[0]?.replace(/^fatal: /, '') ?? ''
  return new ProjectError('git-failed', `git cannot tell what is new in ${directory}: ${reason}`, {
    hint: 'Run the command in a clone of the repository, or leave --since out.',
  })
}

async function git(directory: string, arguments_: readonly string[]): Promise<ProcessResult> {
  // Collected here, because a long list must not be cut.
  const chunks: Buffer[] = []
  const result = await runProcess({
    effect: 'git.read',
    file: 'git',
    arguments: arguments_,
    directory,
    environment: { ...childEnvironment(/^GIT_/), LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0' },
    onStdout: (chunk) => chunks.push(chunk),
  })
  return { ...result, stdout: Buffer.concat(chunks).toString('utf8') }
}

function splitByNul(text: string): string[] {
  return text.split('\0').filter((part) => part !== '')
}

/** `M`, path, `D`, path, …; what was added is no change of what was there. */
function readChanges(parts: readonly string[]): FolderAtCommit['changed'] {
  const changed: FolderAtCommit['changed'][number][] = []
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [status = '', path = ''] = parts.slice(at, at + 2)
    if (status !== 'A') changed.push({ path, removed: status === 'D' })
  }
  return changed
}
