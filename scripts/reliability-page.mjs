// What the measured faults write into docs/reliability.md, and the log that they keep of each scene.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** The scenes of these logs. One that was tried again counts once, as it ended last. */
export function readTried(...paths) {
  const tried = paths
    .map((path) => readFileSync(path, 'utf8'))
    .flatMap((text) => text.split('\n').filter(Boolean))
    .map((line) => JSON.parse(line))
  return [...new Map(tried.map((one) => [`${one.group} ${one.subject} ${one.name}`, one])).values()]
}

/** Rows of cells as a table; the first row is its head, and columns of numbers stand to the right. */
export function formatTable([head, ...rows]) {
  const rule = head.map((_, i) =>
    rows.every((row) => Number.isInteger(row[i]) || row[i] === '–') ? '---:' : '---',
  )
  return [head, rule, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** Puts the text between the two comments `<!-- name -->` and `<!-- end of name -->`. */
export function writeBetween(name, text) {
  const path = join(root, 'docs/reliability.md')
  const [before, after] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`]
  const page = readFileSync(path, 'utf8')
  const from = page.indexOf(before) + before.length
  writeFileSync(path, `${page.slice(0, from)}\n${text}\n${page.slice(page.indexOf(after))}`)
}

/** With what, and when, it was measured. */
export function measuredWith() {
  const versions = [
    `Node ${process.versions.node}`,
    `Prisma ${readJson('node_modules/prisma/package.json').version}`,
    postgresVersion(),
    `migrate-guard ${readJson('package.json').version}`,
  ]
  return `Measured on ${new Date().toISOString().slice(0, 10)} with ${versions.join(', ')}`
}

function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'))
}

function postgresVersion() {
  const { stdout = '' } = spawnSync('pg_dump', ['--version'], { encoding: 'utf8' })
  return `PostgreSQL ${/[\d.]+/.exec(stdout ?? '')?.[0] ?? 'of this machine'}`
}
