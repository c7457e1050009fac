#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8'
import { exitCode } from '../domain/exit-code.js'
import { printEndedFromWithin } from './ended-from-within.js'
import { runProgram } from './program.js'

// Whoever lists the processes of this machine reads no URL: this takes the place of the arguments.
const argv = process.argv.slice(2)
process.title = 'migrate-guard'
// Whatever this process and its children make, nobody else may read.
process.umask(0o077)

// The Postgres parser is WebAssembly and works for less than a second: to optimize its code takes longer than to run it as
// it is (for a thousand migrations 230 ms against 90 ms of processor time). The flag is V8's; it is in 11 to 13.
if (Number.parseInt(process.versions.v8, 10) <= 13) setFlagsFromString('--liftoff-only')

// A reader that went away, such as `head`, is no error of ours.
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined)

let code: number | undefined
process.once('uncaughtExceptionMonitor', () => {
  code = exitCode.bug
})
// Code of the project that runs in this process, such as its configuration, may call process.exit, now or after the command.
process.once('exit', () => {
  process.exitCode = code ?? printEndedFromWithin()
})
// Not by await: Node would warn where the command waits for what never comes.
void runProgram(argv).then((given) => {
  code = given
})
