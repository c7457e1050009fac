// Writes docs/checks and docs/errors.md from the pages in the built program: one file a finding code, and the index. A page whose
// code is gone goes with it.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeCodeDocs, makeErrorDocs } from '../dist/steps/code-docs.js'

const folder = fileURLToPath(new URL('../docs/checks', import.meta.url))
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
for (const [name, text] of Object.entries(makeCodeDocs())) writeFileSync(join(folder, name), text)
writeFileSync(join(folder, '../errors.md'), makeErrorDocs())
