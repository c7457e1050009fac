// The tables that measurements write into the pages of docs.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** Rows of cells as a table; the first row is its head, and columns of numbers stand to the right. */
export function formatTable([head, ...rows]) {
  const rule = head.map((_, i) =>
    rows.every((row) => Number.isInteger(row[i]) || row[i] === '–') ? '---:' : '---',
  )
  return [head, rule, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** What stands in the page between the two comments `<!-- name -->` and `<!-- end of name -->`. */
export function readBetween(page, name) {
  return cut(page, name)[1]
}

/**
 * Puts the text there.
 * @param page a path in the project, e.g. docs/security.md
 */
export function writeBetween(page, name, text) {
  const [before, , after] = cut(page, name)
  writeFileSync(join(root, page), `${before}\n${text}\n${after}`)
}

function cut(page, name) {
  const text = readFileSync(join(root, page), 'utf8')
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`]
  const from = text.indexOf(start) + start.length
  const to = text.indexOf(end)
  if (from < start.length || to < from) throw new Error(`${page} has no ${start} with ${end} behind it`)
  return [text.slice(0, from), text.slice(from, to), text.slice(to)]
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
