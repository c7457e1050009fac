/**
 * Guards that the measured faults must see. In this file of src, this text is replaced by that one; `groups` says which
 * scenes of which group must notice, by a pattern of their names.
 */
export const mutants = [
  {
    name: 'believes the exit code of prisma, and does not look into the database',
    file: 'steps/look-after.ts',
    find: "  tools.screen.progress('looking at what is in the database')\n",
    put: `  if (String(purpose) === 'deploy') {
    const [outcome, traces] = result.exitCode === 0 ? (['applied', 'all'] as const) : (['failed', 'none'] as const)
    return {
      state: result.exitCode === 0 ? 'changed' : 'unchanged',
      standing: { kind: result.exitCode === 0 ? 'all' : 'unchanged' },
      migrations: plan.pending.map(({ name }) => ({ name, outcome, traces })),
      evidence: [saidBy],
      complete: result.exitCode === 0,
    }
  }
`,
    groups: {
      'kill-sweep': '^(Prisma CLI|engine host), deploy (before|after) engine.(commit|statement [14])',
      'wire-cuts': '^engine, .*: reset$',
      'lying-children': '^a Prisma CLI that|^an engine that',
      'real-faults': '^the server restarts .*, deploy',
      'failing-calls': '^(57P01|ETIMEDOUT) deploy',
    },
  },
  {
    name: 'leaves a statement that was lost with its engine unsettled',
    file: 'steps/standing/lost-statement.ts',
    find: '  if (most <= least) return found\n',
    put: '  if (most >= least) return found\n',
    groups: { 'kill-sweep': '^engine host, deploy (before|after) engine.statement [45]' },
  },
  {
    name: 'believes the commit log also after a crash of the server',
    file: 'steps/standing/migration-traces.ts',
    find: 'return !isVouchedFor && ',
    put: "return !isVouchedFor && state === 'none' && ",
    groups: { 'kill-sweep': '^the whole server, deploy before engine.(statement 2|commit)' },
  },
  {
    name: 'does not sweep a database that was just made',
    file: 'postgres/rehearsal-database/sweep.ts',
    find: 'of await findUnmarked(client)) {',
    put: 'of (await findUnmarked(client)).slice(999)) {',
    groups: { 'kill-sweep': '(after rehearsal.create-database|before rehearsal.mark) 1 .on the same server' },
  },
  {
    name: 'does not sweep what a killed run has left',
    file: 'effects/private-files.ts',
    find: '  await sweepScratchFolders()\n',
    put: '  if (process.pid === 0) await sweepScratchFolders()\n',
    groups: { 'kill-sweep': '^SIGKILL guard (before deploy.prisma|after lock.take) 1$' },
  },
  {
    name: 'calls trouble of the machine a bug',
    file: 'effects/machine-trouble.ts',
    find: '  if (syscall === undefined || reason === undefined) return error\n',
    put: "  if (syscall === undefined || reason !== 'never') return error\n",
    groups: {
      'failing-calls': '^(ENOSPC|EACCES) guard before (file.write [1-5]|folder.make .)$',
      'real-faults': '^the disk of the backups has',
    },
  },
  {
    name: 'calls trouble of the server a bug',
    file: 'postgres/connection.ts',
    find: 'if (!fromServer && !brokenConnection',
    put: 'if (fromServer || !fromServer || !brokenConnection',
    groups: {
      'failing-calls': '^\\w+ guard before lock',
      'wire-cuts': '^guard, before the .*: (reset|close)$',
    },
  },
  {
    name: 'does not count the rows of the dump',
    file: 'steps/backup.ts',
    find: '  if (rowsInDump) assertSameRows(rowCounts, rowsInDump)\n',
    put: '  if (rowsInDump === null) assertSameRows(rowCounts, rowsInDump)\n',
    groups: { 'lying-children': '^a dump ' },
  },
  {
    name: 'only believes that it holds the deploy lock',
    file: 'postgres/deploy-lock.ts',
    find: 'pg_catalog.pg_try_advisory_lock($1, $2) AS taken',
    put: '$1::int < $2::int AS taken',
    groups: { concurrency: '' },
  },
  {
    name: 'waits for a lock as long as it takes',
    file: 'prisma/engine-host/run-script.ts',
    find: 'SET LOCAL lock_timeout = ',
    put: 'SET LOCAL lock_timeout = 0 -- ',
    groups: { traffic: '' },
  },
  {
    name: 'never gives way to sessions that wait for it',
    file: 'steps/watch-traffic.ts',
    find: 'if (longest === undefined || !isTooLong || signal.aborted) return',
    put: 'if (longest === undefined || !isTooLong || !signal.aborted) return',
    groups: { traffic: 'queue' },
  },
]
