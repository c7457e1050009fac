import { Command, CommanderError, Option } from 'commander'
import { exitCode } from '../domain/exit-code.js'
import { readVersion } from '../effects/version.js'
import type { Flags } from './flags.js'
import { helpFooter } from './help-footer.js'
import { printable } from './printable.js'

/**
 * Parses the command line and runs the command. What a command needs is loaded only when it runs, so that --version
 * and --help answer at once.
 * @returns the exit code
 */
export async function runProgram(argv: readonly string[]): Promise<number> {
  let code: number = exitCode.passed
  const program = new Command('migrate-guard')
    .description(
      'Guards prisma migrate deploy: checks the live data, backs up, rehearses, asks, deploys, verifies, reports.',
    )
    .version(readVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .addHelpText('after', helpFooter)
    .showHelpAfterError('hint: Run migrate-guard --help to see commands and options.')
    .configureOutput({ outputError: (text, write) => write(`${printable(describeMistake(text))}\n`) })
    .exitOverride()
    .enablePositionalOptions()
    // Here and in the programs that are started.
    .hook('preAction', (_, command) => {
      if (command.opts().plain) process.env.NO_COLOR = '1'
    })

  const command = (name: string, description: string, options: readonly (readonly Option[])[]) => {
    const made = program.command(name).description(description).exitOverride()
    for (const option of options.flat()) made.addOption(option)
    return made
  }
  const guarded = (name: 'deploy' | 'rehearse' | 'verify' | 'check' | 'plan') => async (flags: Flags) => {
    code = await (await import('./commands/guarded.js')).runGuarded(name, flags)
  }

  command('deploy', 'plan, check, back up, rehearse, confirm, deploy, verify, report', [
    common,
    working,
    limiting,
    rehearsing,
    deploying,
  ]).action(async (flags: Flags) => guarded(flags.verifyOnly ? 'verify' : 'deploy')(flags))
  command('rehearse', 'plan, check, back up, and run the pending migrations on a restored copy', [
    common,
    working,
    limiting,
    rehearsing,
  ]).action(guarded('rehearse'))
  command('check', 'plan, then ask the live data whether the pending migrations may run', [
    common,
    checking,
    [asking, twinning],
    limiting,
  ]).action(guarded('check'))
  command('plan', 'show what is pending, how it would run, what it locks, and where it can stop half-way', [
    common,
    [accepting],
    planning,
    limiting,
  ]).action(async (flags: Flags) => {
    if (!flags.offline) await guarded('plan')(flags)
    else code = await (await import('./commands/offline-plan.js')).runOfflinePlan(flags)
  })
  command('verify', 'audit the database after a deploy; writes nothing to it', [
    common,
    checking,
    [asking],
    keeping,
  ]).action(guarded('verify'))
  command('status', 'show target, history and the last run; also what a bare migrate-guard does', [
    common,
  ]).action(async (flags: Flags) => {
    code = await (await import('./commands/status.js')).runStatus(flags)
  })
  command(
    'resolve',
    'find out what of an unfinished migration is in the database, and do the one right thing',
    [common, keeping, resolving],
  ).action(async (flags: Flags) => {
    if (flags.back) code = await (await import('./commands/resolve-back.js')).runResolveBackCommand(flags)
    else code = await (await import('./commands/resolve.js')).runResolveCommand(flags)
  })
  command(
    'baseline',
    'mark as applied the migrations that the database has already: compares, shows, asks, and proves it',
    [common, keeping, rehearsing, baselining],
  ).action(async (flags: Flags) => {
    code = await (await import('./commands/baseline.js')).runBaselineCommand(flags)
  })
  command('drift', 'compare the database with what its applied migrations make; reads only', [
    common,
    [accepting],
    rehearsing,
  ]).action(async (flags: Flags) => {
    code = await (await import('./commands/drift.js')).runDriftCommand(flags)
  })
  command(
    'create <name>',
    'make a migration folder from the Prisma schema, with its down.sql; opens no database of yours',
    [offline, [placing]],
  ).action(async (name: string, flags: Flags) => {
    code = await (await import('./commands/create.js')).runCreateCommand(name, flags)
  })
  command('down <migration>', 'write the down.sql that takes a migration back; opens no database of yours', [
    offline,
    [placing],
    downing,
  ]).action(async (migration: string, flags: Flags) => {
    code = await (await import('./commands/down.js')).runDownCommand(migration, flags)
  })
  command('history', 'list the earlier runs against this database, by their run folders', [
    common,
    keeping,
    [
      new Option('--limit <number>', 'how many of the newest runs to show (default: 20)'),
      new Option('--all', 'the runs against every database'),
    ],
  ]).action(async (flags: Flags) => {
    code = await (await import('./commands/history.js')).runHistory(flags)
  })
  command(
    'rollback',
    'take the last migration back by its down.sql: counts what is lost, backs up, rehearses, asks',
    [common, working, rehearsing, rolling],
  ).action(async (flags: Flags) => {
    code = await (await import('./commands/rollback.js')).runRollbackCommand(flags)
  })
  command('doctor', 'check whether everything that a deploy needs is there', [common, keeping]).action(
    async (flags: Flags) => {
      code = await (await import('./commands/doctor.js')).runDoctor(flags)
    },
  )
  const lock = command('lock', 'show who holds the deploy lock, and who holds that of prisma', [
    common,
  ]).action(async (flags: Flags) => {
    code = await (await import('./commands/lock.js')).runLock(flags)
  })
  const release = lock
    .command('release')
    .description('end the sessions that hold the locks, after asking; what they run is rolled back')
    .exitOverride()
  for (const option of [...common, new Option('-y, --yes', 'end them without asking')])
    release.addOption(option)
  release.action(async (flags: Flags) => {
    code = await (await import('./commands/lock.js')).runLockRelease(flags)
  })
  command('explain', 'print the page of a code, of a finding or an error; without one, list all', [
    [new Option('--json', 'print it as JSON')],
  ])
    .argument('[code]', 'e.g. orphan-rows')
    .action(async (findingCode: string | undefined, flags: Flags) => {
      code = (await import('./commands/explain.js')).runExplain(findingCode, flags)
    })

  try {
    await program.parseAsync(withDefaultCommand(argv), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Help and version end the parsing the same way as errors do; only errors are the user's to fix.
    return error.exitCode === 0 ? exitCode.passed : exitCode.usage
  }
  return code
}

/**
 * What is wrong on the command line, without what may be a secret: the value of an option that is none. An error is one line,
 * its hint another; commander puts "(Did you mean …?)" on a line between them.
 */
function describeMistake(text: string): string {
  return text
    .replace('\n(', ' (')
    .replace(/(unknown option '--[^=\s]*)=[\s\S]*(')/, '$1$2')
    .replace(/(unknown option '-[^-])[^'\s][\s\S]*'/, "$1'")
}

/** A bare `migrate-guard`, or one with options only, is harmless: it prints the status. */
function withDefaultCommand(argv: readonly string[]): string[] {
  const asksForProgram = argv.some((word) => ['-h', '--help', '--version'].includes(word))
  const hasCommand = argv[0] !== undefined && !argv[0].startsWith('-')
  return hasCommand || asksForProgram ? [...argv] : ['status', ...argv]
}

const common = [
  new Option('--database-url <url>', 'the target (default: the one that Prisma would migrate)'),
  new Option('--schema <path>', 'the Prisma schema'),
  new Option('--migrations <path>', 'the migrations folder'),
  new Option('--config <path>', 'settings file of migrate-guard (default: migrate-guard.config.ts)'),
  new Option('--prisma-config <path>', "Prisma's own configuration (default: prisma.config.ts)"),
  new Option(
    '--engine <name>',
    "hosted: the engine that ships with migrate-guard; native: Prisma's own binary",
  ),
  new Option('--format <format>', 'text, json or markdown on standard output'),
  new Option('--json', 'the same as --format json'),
  new Option('--quiet', 'print only what went wrong and the result'),
  new Option('--verbose', 'print every finding whole, with all of its SQL'),
  new Option('--plain', 'no colour and no moving line, e.g. for a screen reader'),
  new Option('--debug', 'print stack traces'),
]

/** For what opens no database of the user's. */
const offline = common.filter(({ long }) => long !== '--database-url' && long !== '--engine')

const placing = new Option(
  '--twin <place>',
  'the server on which the migrations run: local, or the URL of one (default: local)',
)

const downing = [
  new Option('--force', 'replace a down.sql that is there'),
  new Option('--print', 'print it, and write no file'),
]

const accepting = new Option(
  '--accept <code[:object]="reason">',
  'accept one finding; stored in record and report',
).argParser((text: string, earlier: string[] = []) => [...earlier, text])

const checking = [
  accepting,
  new Option(
    '--show-values',
    'show the values of rows; numbers apart they are masked otherwise, also in messages of the server',
  ),
]

const asking = new Option(
  '--question-timeout <duration>',
  'how long one question to the live data may take (default: 10m)',
)

const twinning = new Option(
  '--twin <place>',
  'run the statements on a copy of the schema for the forecast: local, off, or the URL of a server (default: local)',
)

const planning = [
  new Option(
    '--fail-on <verdict>',
    'end with exit code 3 from this verdict on: block, or warn as well (default: block)',
  ),
  new Option('--offline', 'open no database: plan every migration in the folder as if it were pending'),
  new Option(
    '--twin <place>',
    'run the statements on a copy of the schema, with --offline all migrations on an empty server: local, off, or the URL of a server (default: local; with --offline only if --since is given)',
  ),
  new Option('--since <git-ref>', 'only migrations whose folder is new since this commit, branch or tag'),
]

const limiting = [
  new Option('--up-to <migration>', 'only the pending migrations up to this one'),
  new Option('--steps <number>', 'only so many pending migrations, the oldest first'),
]

const keeping = [new Option('--backups <folder>', 'where the run folders go (default: backups)')]

const working = [
  ...checking,
  asking,
  twinning,
  ...keeping,
  new Option('--jobs <number>', 'connections that dump and restore side by side (default: 2)'),
]

const rehearsing = [
  new Option(
    '--rehearsal <place>',
    'where the copy is made: local, same-server, or the URL of a server (default: local)',
  ),
]

const waiting = new Option(
  '--wait <duration>',
  'how long to wait for another run to end (default: 0, not at all)',
)

/** How the migrations meet the sessions of others. */
const sharing = [
  new Option('--lock-timeout <duration>', 'how long a statement may wait for a lock (default: 1s)'),
  new Option('--retries <number>', 'tries after a lock time-out or a deadlock (default: 5)'),
  new Option(
    '--max-blocking <duration>',
    'how long others may wait before the statement gives way (default: 5s)',
  ),
  new Option(
    '--terminate-blockers <age>',
    'end idle transactions that are waited for and that are older, e.g. 1m; each is named',
  ),
  waiting,
  new Option('--statement-timeout <duration>', 'how long a statement may run (default: 0, no limit)'),
]

const resolving = [
  new Option(
    '--back',
    'restore the backup of the last deploy into a new database beside the target, prove it, and print how to swap them',
  ),
  accepting,
  new Option('--jobs <number>', 'connections that restore side by side (default: 2)'),
  new Option('--dry-run', 'only show what would be done'),
  new Option('-y, --yes', 'approve what is shown'),
  ...sharing,
]

const rolling = [
  new Option('--steps <number>', 'so many of the last migrations (default: 1)'),
  new Option('--to <migration>', 'all that were applied after this one, which stays'),
  new Option('--dry-run', 'everything but the question and the rollback; the target is opened read-only'),
  new Option('-y, --yes', 'approve what is shown'),
  ...sharing.filter(({ long = '' }) => !['--max-blocking', '--terminate-blockers'].includes(long)),
]

const baselining = [
  new Option('--to <migration>', 'the last migration to mark (default: the last one of the folder)'),
  accepting,
  new Option('--dry-run', 'only show and compare'),
  new Option('-y, --yes', 'approve what is shown'),
  new Option('--confirm <hash>', 'approve exactly this reviewed baseline'),
  waiting,
]

const deploying = [
  new Option('--dry-run', 'everything but confirm, deploy and verify; the target is opened read-only'),
  new Option('--verify-only', 'only audit the database, the same as migrate-guard verify'),
  new Option('--skip-backup', 'deploy without a backup; recorded, loudly'),
  new Option('--skip-rehearsal', 'deploy what was not rehearsed; recorded, loudly'),
  new Option('--rehearsed <run-id>', 'take the rehearsal of an earlier run of this very plan'),
  new Option('-y, --yes', 'approve whatever the plan is'),
  new Option('--confirm <plan-hash>', 'approve exactly this reviewed plan'),
  ...sharing,
]
