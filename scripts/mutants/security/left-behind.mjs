// What is left of the server of a rehearsal, and what root does with it.
const leftBehind = 'hostile/server-left-behind'
const place = 'postgres/throw-away-place.ts'

export const mutants = [
  {
    name: 'leaves the server of a rehearsal alone when it is killed',
    file: 'postgres/throw-away-watch.ts',
    find: '[ "$word" = stopped ] && exit 0',
    put: 'exit 0',
    tests: { [leftBehind]: 'after a real SIGKILL' },
  },
  {
    name: 'leaves the rows of a rehearsal when it is killed',
    file: 'postgres/throw-away-watch.ts',
    find: 'rm -rf -- "$2" "$3" 2>/dev/null',
    put: 'true',
    tests: { [leftBehind]: 'after a real SIGKILL' },
  },
  {
    name: 'watches over a server only when it is ready',
    edits: [
      {
        file: 'postgres/throw-away-cluster.ts',
        find: 'tellStopped: watchOverServer(start, server.pid ?? 0) }',
        put: 'tellStopped: () => undefined }',
      },
      {
        file: 'postgres/throw-away-cluster.ts',
        find: '      const stop = () =>\n',
        put: '      watchOverServer(start, ready.server.pid ?? 0)\n      const stop = () =>\n',
      },
    ],
    tests: { [leftBehind]: 'a SIGKILL while the server starts' },
  },
  {
    name: 'does not end the server that a start finds without its guard',
    file: place,
    find: '        await endNotedServer(outer)\n',
    put: "        if (outer === '') await endNotedServer(outer)\n",
    tests: { [leftBehind]: 'when the watch is killed too' },
  },
  {
    name: "lets the server's account write beside its directory",
    file: place,
    find: 'folder.chmod(0o710)',
    put: 'folder.chmod(0o770)',
    tests: { [leftBehind]: 'can put nothing beside' },
  },
  {
    name: "leaves the server's log with a name",
    edits: [
      { file: place, find: '  rmSync(path)\n', put: '' },
      {
        file: place,
        find: '  rmSync(serverFileIn(outer), { force: true })\n',
        put: "  for (const name of ['server.json', 'server.log']) rmSync(join(outer, name), { force: true })\n",
      },
    ],
    tests: { [leftBehind]: 'can put nothing beside' },
  },
  {
    name: 'leaves the password of the server in a file',
    file: 'postgres/throw-away-data.ts',
    find: '  await rm(passwordFile)\n',
    put: "  if (passwordFile === '') await rm(passwordFile)\n",
    tests: { [leftBehind]: 'can put nothing beside' },
  },
  {
    name: 'believes postmaster.pid when it exits',
    edits: [
      {
        file: place,
        find: "      process.kill(server, 'SIGQUIT')\n",
        put: "      process.kill(Number.parseInt(readFileSync(join(dataIn(directory), 'postmaster.pid'), 'utf8'), 10), 'SIGQUIT')\n",
      },
      {
        file: place,
        find: "import { lstatSync, rmdirSync, rmSync } from 'node:fs'",
        put: "import { lstatSync, readFileSync, rmdirSync, rmSync } from 'node:fs'",
      },
    ],
    tests: { [leftBehind]: 'a forged postmaster.pid has nobody killed when the guard exits' },
  },
  {
    name: 'believes postmaster.pid when it finds a server without its guard',
    edits: [
      {
        file: place,
        find: '  const { processId, startedAt } = JSON.parse(text) as ServerNote\n',
        put: `  const processId = Number.parseInt(
    await readFile(join(dataIn(directoryIn(outer)), 'postmaster.pid'), 'utf8'),
    10,
  )
  const startedAt = await startOf(processId)
`,
      },
    ],
    tests: {
      [leftBehind]: 'a forged postmaster.pid has nobody killed when the guard is killed, and its watch',
    },
  },
  {
    name: 'has root watch over the server, by its postmaster.pid',
    edits: [
      {
        file: 'postgres/throw-away-watch.ts',
        find: '    ...account,\n',
        put: '    ...(account ? {} : {}),\n',
      },
      {
        file: 'postgres/throw-away-watch.ts',
        find: 'kill -QUIT "$1" 2>/dev/null',
        put: 'kill -QUIT "$1" $(head -n 1 "$2/data/postmaster.pid") 2>/dev/null',
      },
    ],
    tests: { [leftBehind]: 'nobody killed when the guard is killed$' },
  },
  {
    name: 'believes postmaster.pid when it stops the server',
    edits: [
      {
        file: 'postgres/throw-away-cluster.ts',
        find: '          await end(ready)\n',
        put: `          await end(ready, Number.parseInt(await readFile(join(dataIn(start.directory), 'postmaster.pid'), 'utf8'), 10))
`,
      },
      {
        file: 'postgres/throw-away-cluster.ts',
        find: 'async function end({ server, tellStopped }: Running): Promise<void> {\n  server.ref()\n',
        put: "async function end({ server, tellStopped }: Running, pid = server.pid ?? 0): Promise<void> {\n  server.ref()\n  process.kill(pid, 'SIGINT')\n",
      },
    ],
    tests: { [leftBehind]: 'a forged postmaster.pid has nobody killed when the guard stops its server' },
  },
  {
    name: 'removes the directory of the server as root',
    file: place,
    find: "  await execa('rm', ['-rf', '--', directoryIn(outer)], asAccount(account))\n",
    put: "  await execa('rm', ['-rf', '--', directoryIn(outer)], asAccount(account && undefined))\n",
    tests: { [leftBehind]: "the removal is the server's account's own" },
  },
  {
    name: 'removes the directory of the server as root, and follows links',
    file: place,
    find: "  await execa('rm', ['-rf', '--', directoryIn(outer)], asAccount(account))\n",
    put: "  await execa('find', ['-L', directoryIn(outer), '-depth', '-delete'], asAccount(account && undefined))\n  await execa('rm', ['-rf', '--', directoryIn(outer)], asAccount(account))\n",
    tests: { [leftBehind]: 'a link in its directory' },
  },
  {
    name: 'removes the server folders of other accounts',
    file: place,
    find: "if ((await reasonNotPrivate(outer).catch(() => 'unknown')) !== undefined) continue",
    put: "if ((await reasonNotPrivate(outer).catch(() => 'unknown')) === 'never') continue",
    tests: { [leftBehind]: 'a folder of another account with the name migrate-guard-cluster-' },
  },
  {
    name: 'removes the scratch folders of other accounts',
    file: 'effects/private-files.ts',
    find: "if ((await reasonNotPrivate(path).catch(() => 'unknown')) !== undefined) continue",
    put: "if ((await reasonNotPrivate(path).catch(() => 'unknown')) === 'never') continue",
    tests: { [leftBehind]: 'a folder of another account with the name migrate-guard- ' },
  },
  {
    name: 'ends a process by its number alone',
    file: place,
    find: "startedAt !== '' && (await startOf(processId)) === startedAt",
    put: "startedAt !== '' && (await startOf(processId)) !== ''",
    tests: { [leftBehind]: 'a process that has taken the number' },
  },
]
