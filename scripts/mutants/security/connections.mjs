// How a connection is made: through poolers, and with keys of the client.
const poolers = 'e2e/poolers'
const tls = 'postgres/tls'
const pooling = 'postgres/pooling.ts'
const settings = 'postgres/session-settings.ts'

export const mutants = [
  {
    name: 'takes every pooler for one in session mode',
    file: pooling,
    find: '  const before = await backendOf(first)\n',
    put: "  const before = await backendOf(first)\n  if (before > 0) return 'session'\n",
    tests: { [poolers]: 'is recognised' },
  },
  {
    name: 'does not see that its backend has changed',
    file: pooling,
    find: "if (after !== before) return 'transaction'",
    put: "if (after === -1) return 'transaction'",
    tests: { [poolers]: '"transaction"} is recognised' },
  },
  {
    name: 'does not see that a pooler refuses a transaction',
    edits: ['held', 'after'].map((answer) => ({
      file: pooling,
      find: `      if (${answer} === 'refused') return 'statement'\n`,
      put: '',
    })),
    tests: { [poolers]: '"statement"} is recognised' },
  },
  {
    name: 'waits for a second connection as long as it takes',
    file: pooling,
    find: 'const waitMs = 3_000',
    put: 'const waitMs = 90_000',
    tests: { [poolers]: '"poolSize":1} is recognised' },
  },
  {
    name: 'sets its parameters on a connection that others are lent',
    file: settings,
    find: "  if (pooling !== 'session') throw pooledConnection(where, pooling)\n",
    put: "  if (pooling === 'transaction') await client.query(setText([...asked].filter(([name]) => name !== markName)))\n  if (pooling !== 'session') throw pooledConnection(where, pooling)\n",
    tests: { [poolers]: '"transaction"} is recognised' },
  },
  {
    name: 'does not set by hand what a pooler drops',
    file: settings,
    find: '  await setAndReadBack(client, setByHand, where)\n',
    put: "  if (where === '') await setAndReadBack(client, setByHand, where)\n",
    tests: { [poolers]: 'in session mode' },
  },
  {
    name: 'does not set its parameters again after a RESET',
    file: settings,
    find: '  if (wanted.length > 0) await client.query(setText(wanted))\n',
    put: '  if (wanted.length > 999) await client.query(setText(wanted))\n',
    tests: { [poolers]: 'given back after a RESET' },
  },
  {
    name: 'gives the driver no PKCS#12 file',
    file: 'postgres/tls.ts',
    find: '(sslidentity === undefined ? {} : { pfx: readFileSync(sslidentity) })',
    put: "(sslidentity === undefined || readFileSync(sslidentity).length > 0 ? {} : { pfx: '' })",
    tests: { [tls]: 'sslidentity' },
  },
  {
    name: 'gives the driver no passphrase',
    file: 'postgres/tls.ts',
    find: 'passphrase: keyPassword.reveal()',
    put: 'passphrase: keyPassword.reveal().slice(999)',
    tests: { [tls]: 'sslpassword=a' },
  },
  {
    name: 'gives pg_dump and the engine no PEM of a PKCS#12 file',
    file: 'postgres/key-files.ts',
    find: 'parameters: { ...parameters, sslcert: path, sslkey: path },',
    put: "parameters: { ...parameters, ...(path === '' ? { sslcert: path, sslkey: path } : {}) },",
    tests: { [tls]: 'with a PKCS#12 file the whole line runs' },
  },
  {
    name: 'gives pg_dump the key under its passphrase',
    file: 'postgres/key-files.ts',
    find: '  return { ...rest, parameters: { ...parameters, sslkey: path } }\n',
    put: "  return { ...rest, parameters: { ...parameters, ...(path === '' ? { sslkey: path } : {}) } }\n",
    tests: { [tls]: 'with a key under a passphrase the whole line runs' },
  },
  {
    name: 'leaves the key of the client in the run folder',
    file: 'in-run.ts',
    find: 'withPlainKeys(settings, scratchFolder)',
    put: 'withPlainKeys(settings, run.folder ?? scratchFolder)',
    tests: { [tls]: 'the whole line runs' },
  },
]
