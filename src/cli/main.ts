#!/usr/bin/env node
import { loadEffectObserver } from '../effects/effect.js'
import { runProgram } from './program.js'

await loadEffectObserver(process.env)
process.exitCode = await runProgram(process.argv.slice(2))
