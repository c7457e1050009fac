import { createHash } from 'node:crypto'
import { chown, readlink, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { effect } from '../effects/effect.js'
import { quoteIdentifier } from '../sql/names.js'
import { type ArchiveName, copyKept, keep, removeData } from './throw-away-archive.js'
import { dataIn } from './throw-away-place.js'
import { describeEnding, notStarted, type Start, spawn } from './throw-away-program.js'

/**
 * Makes the data directory of a new cluster: a copy of one that initdb has made before, where there is one, with a system
 * identifier and a password of its own. initdb takes more than a CPU second, a copy a tenth of that.
 * @param content what the cluster holds that is looked for first, as a hash
 * @returns whether it holds that; else it is empty
 * @throws ClusterError
 */
export async function layOutData(start: Start, content?: string): Promise<boolean> {
  if (content !== undefined && (await copyKept(start, await nameOf(start, content)))) {
    if (await effect('cluster.password', () => givePassword(start))) return true
    await removeData(start)
  }
  await layOutEmpty(start)
  return false
}

/** Keeps the cluster with what it holds now: right after a checkpoint, and while nobody writes. */
export async function keepData(start: Start, content: string): Promise<void> {
  await keep(start, await nameOf(start, content))
}

async function layOutEmpty(start: Start): Promise<void> {
  const name = await nameOf(start)
  if (await copyKept(start, name)) {
    if (await effect('cluster.password', () => givePassword(start))) return
    await removeData(start)
  }
  await effect('cluster.initdb', () => initialize(start))
  await keep(start, name)
}

/** In single-user mode: a server that listens never has a password that another one had. */
async function givePassword(start: Start): Promise<boolean> {
  const statement = `ALTER ROLE ${quoteIdentifier(start.superuser)} PASSWORD '${start.password}'`
  const { server } = await spawn(
    start,
    'postgres',
    [
      ...['--single', '-F', '-D', dataIn(start.directory)],
      // Else it goes on after an error, and writes the statement into its log.
      ...['-c', 'exit_on_error=on', '-c', 'log_min_error_statement=panic', 'template1'],
    ],
    { stdin: `${statement}\n` },
  )
  return !(await server).failed
}

/** All that a cluster depends on which initdb makes: the server programs, what it asks the machine for, and its superuser. */
async function nameOf({ binaries, superuser, account }: Start, content?: string): Promise<ArchiveName> {
  const { TZ, LD_LIBRARY_PATH } = process.env
  const programs = await Promise.all(
    ['postgres', 'initdb'].map(async (name) => {
      const path = await realpath(join(binaries, name))
      return [path, await stamp(path)]
    }),
  )
  const machine = await Promise.all(ofMachine.map(stamp))
  const zone = await readlink('/etc/localtime').catch(() => '')
  const parts = [
    1,
    programs,
    machine,
    zone,
    TZ,
    LD_LIBRARY_PATH,
    process.arch,
    superuser,
    account?.uid,
    content,
  ]
  return {
    kind: content === undefined ? 'empty' : 'schema',
    hash: createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32),
  }
}

/**
 * Where an installation of locales or libraries shows: initdb makes a collation of every locale, and notes its version.
 * The lists of packages of Debian, Alpine, Fedora and Homebrew, and the locales of glibc and macOS.
 */
const ofMachine = [
  '/var/lib/dpkg/status',
  '/lib/apk/db/installed',
  '/var/lib/rpm/rpmdb.sqlite',
  '/opt/homebrew/opt',
  '/usr/lib/locale',
  '/usr/lib/locale/locale-archive',
  '/usr/share/locale',
]

/** Another one when the file is another. */
async function stamp(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  return found ? `${found.ino}:${found.size}:${found.mtimeMs}:${found.ctimeMs}` : ''
}

async function initialize(start: Start): Promise<void> {
  // Beside the server's directory, where nobody but us can write.
  const passwordFile = join(start.outer, 'password')
  await writeFile(passwordFile, start.password, { mode: 0o600, flag: 'wx' })
  if (start.account) await chown(passwordFile, start.account.uid, start.account.gid)
  // C.UTF-8 knows letters beyond ASCII, but not every system has it. A failed initdb removes what it made.
  let ended = await initdb(start, passwordFile, 'C.UTF-8')
  if (ended) ended = await initdb(start, passwordFile, 'C')
  if (ended) throw await notStarted(start, `initdb ${ended}`)
  await rm(passwordFile)
}

/** Returns how a failed initdb ended, nothing for a good one. */
async function initdb(start: Start, passwordFile: string, locale: string): Promise<string | undefined> {
  const { server } = await spawn(start, 'initdb', [
    `--pgdata=${dataIn(start.directory)}`,
    `--username=${start.superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    `--locale=${locale}`,
    '--lc-messages=C',
    '--no-sync',
  ])
  const result = await server
  return result.failed ? describeEnding(result) : undefined
}
