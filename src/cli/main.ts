#!/usr/bin/env node
import { loadEffectObserver } from '../effects/effect.js'
import { runProgram } from './program.js'

// A reader that went away, such as `head`, is no error of ours.
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined)

await loadEffectObserver(process.env)
process.exitCode = await runProgram(process.argv.slice(2))
