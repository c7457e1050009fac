import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { parseSync } from '@swc/core'

/** Lowest first: a file imports its own room or a lower one. */
const rooms = [
  'domain',
  'effects',
  'sql',
  'settings',
  'checks',
  'twin',
  'forecast',
  'postgres',
  'prisma',
  'down',
  'report',
  'steps',
  'run.ts',
  'load-settings.ts',
  'tools.ts',
  'in-run.ts',
  'pipeline.ts',
  'recovery.ts',
  'adoption.ts',
  'rollback.ts',
  'startup.ts',
  'index.ts',
  'cli',
]

/** Who may import a package: everything that starts with one of these. A package that is not named is free. */
const importers: Record<string, string[]> = {
  pg: ['postgres/'],
  commander: ['cli/'],
  inquirer: ['cli/'],
  execa: ['effects/run-process.ts', 'postgres/throw-away-'],
  'node:child_process': [],
  child_process: [],
}

/** Programs of their own. Only the command sets its exit code and nothing more; the engine host may also exit. */
const setsExitCode = ['cli/main.ts', 'prisma/engine-host/main.ts']
const exits = ['prisma/engine-host/main.ts']

/** Names that only one file may import: an approval that anybody can make is none. */
const importersOfNames: Record<string, string> = { makeApproval: 'steps/confirm.ts' }

type Sources = Record<string, string>

function readSources(): Sources {
  const src = fileURLToPath(new URL('../src', import.meta.url))
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort()
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(src, file), 'utf8')]))
}

interface Facts {
  /** As written: './name.js', 'pg'. Static, dynamic, re-exported, type-only. */
  readonly imports: string[]
  /** What is imported or re-exported by name; `*` when a whole file is, which brings every name along. */
  readonly names: { readonly name: string; readonly from: string }[]
  readonly exits: boolean
  readonly setsExitCode: boolean
}

interface Node {
  readonly type?: string
  readonly value?: unknown
  readonly [key: string]: unknown
}

function readFacts(source: string): Facts {
  const facts = {
    imports: [] as string[],
    names: [] as Facts['names'][number][],
    exits: false,
    setsExitCode: false,
  }
  visit(parseSync(source, { syntax: 'typescript', target: 'es2023' }) as unknown as Node, (node) => {
    const imported = importedBy(node)
    if (imported?.type === 'StringLiteral') {
      const from = imported.value as string
      facts.imports.push(from)
      facts.names.push(...namesOf(node).map((name) => ({ name, from })))
    }
    if (node.type === 'CallExpression') facts.exits ||= isProcess(node.callee as Node, 'exit')
    if (node.type === 'AssignmentExpression') facts.setsExitCode ||= isProcess(node.left as Node, 'exitCode')
  })
  return facts
}

function visit(node: unknown, see: (node: Node) => void): void {
  if (typeof node !== 'object' || node === null) return
  see(node as Node)
  for (const child of Object.values(node)) visit(child, see)
}

function namesOf(node: Node): string[] {
  // `import()`, `export *`
  if (!Array.isArray(node.specifiers)) return ['*']
  return (node.specifiers as Node[]).map((specifier) => {
    if (!/^(Import|Export)Specifier$/.test(specifier.type ?? '')) return '*'
    // As the other file calls it: `import { makeApproval as approve }`.
    const theirs = (specifier.imported ?? specifier.orig ?? specifier.local) as Node
    return theirs.value as string
  })
}

/** The literal behind `from`, `import(…)` and `require(…)`. */
function importedBy(node: Node): Node | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return (node.source as Node | null) ?? undefined
    case 'TsImportType':
      return node.argument as Node
    case 'TsExternalModuleReference':
      return node.expression as Node
    case 'CallExpression': {
      const callee = node.callee as Node
      const isImport =
        callee.type === 'Import' || (callee.type === 'Identifier' && callee.value === 'require')
      return isImport ? (node.arguments as { expression: Node }[])[0]?.expression : undefined
    }
    default:
      return undefined
  }
}

function isProcess(node: Node, property: string): boolean {
  if (node.type !== 'MemberExpression') return false
  const object = node.object as Node
  const member = node.property as Node
  return object.type === 'Identifier' && object.value === 'process' && member.value === property
}

function roomOf(file: string): string {
  return file.split('/')[0] as string
}

function fileOf(importer: string, specifier: string): string {
  return normalize(join(dirname(importer), specifier)).replace(/\.js$/, '.ts')
}

function packageOf(specifier: string): string {
  const depth = specifier.startsWith('@') ? 2 : 1
  return specifier.split('/').slice(0, depth).join('/')
}

function findViolations(sources: Sources): string[] {
  const violations: string[] = []
  const graph = new Map<string, string[]>()
  for (const [file, source] of Object.entries(sources)) {
    const facts = readFacts(source)
    const level = rooms.indexOf(roomOf(file))
    if (level === -1) violations.push(`${file} is in no room`)
    if (facts.exits && !exits.includes(file)) violations.push(`${file} calls process.exit`)
    if (facts.setsExitCode && !setsExitCode.includes(file)) violations.push(`${file} sets process.exitCode`)
    graph.set(file, [])
    for (const specifier of facts.imports) {
      if (specifier.startsWith('.')) {
        const imported = fileOf(file, specifier)
        graph.get(file)?.push(imported)
        if (!(imported in sources)) violations.push(`${file} imports ${imported}, which does not exist`)
        else if (rooms.indexOf(roomOf(imported)) > level) violations.push(`${file} imports up: ${imported}`)
      } else {
        const allowed = importers[packageOf(specifier)]
        const isAllowed = allowed?.some((start) => file.startsWith(start)) ?? roomOf(file) !== 'domain'
        if (!isAllowed) violations.push(`${file} may not import ${specifier}`)
      }
    }
  }
  return [...violations, ...findNameThieves(sources), ...findCircles(graph)]
}

function findNameThieves(sources: Sources): string[] {
  return Object.entries(sources).flatMap(([file, source]) =>
    readFacts(source).names.flatMap(({ name, from }) =>
      Object.entries(importersOfNames)
        .filter(
          ([guarded, importer]) => file !== importer && bringsAlong({ name, from }, guarded, file, sources),
        )
        .map(([guarded]) => `${file} may not import ${guarded}`),
    ),
  )
}

function bringsAlong(
  { name, from }: { name: string; from: string },
  guarded: string,
  file: string,
  sources: Sources,
): boolean {
  if (name !== '*') return name === guarded
  return from.startsWith('.') && (sources[fileOf(file, from)] ?? '').includes(`export function ${guarded}`)
}

function findCircles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = []
  const done = new Set<string>()
  const walk = (file: string, path: readonly string[]) => {
    const start = path.indexOf(file)
    if (start !== -1) circles.push(`circle: ${[...path.slice(start), file].join(' → ')}`)
    if (start !== -1 || done.has(file)) return
    for (const imported of graph.get(file) ?? []) walk(imported, [...path, file])
    done.add(file)
  }
  for (const file of graph.keys()) walk(file, [])
  return circles
}

test('src keeps the rules of the house', () => {
  expect(findViolations(readSources())).toEqual([])
})

// The rules seen red, each on a made-up file.
const domain = { 'domain/a.ts': '', 'steps/plan.ts': '' }
test.each<[string, Sources, string[]]>([
  [
    'an import of a higher room',
    { ...domain, 'domain/b.ts': "import type { A } from '../steps/plan.js'" },
    ['domain/b.ts imports up: steps/plan.ts'],
  ],
  [
    'a re-export of a higher room',
    { ...domain, 'sql/b.ts': "export * from '../steps/plan.js'" },
    ['sql/b.ts imports up: steps/plan.ts'],
  ],
  [
    'a dynamic import of a higher room',
    { ...domain, 'sql/b.ts': "const plan = await import('../steps/plan.js')" },
    ['sql/b.ts imports up: steps/plan.ts'],
  ],
  [
    'an import inside a type',
    { ...domain, 'sql/b.ts': "export type Plan = import('../steps/plan.js').Plan" },
    ['sql/b.ts imports up: steps/plan.ts'],
  ],
  [
    'a library in domain',
    { 'domain/a.ts': "import { join } from 'node:path'" },
    ['domain/a.ts may not import node:path'],
  ],
  ['pg elsewhere', { 'checks/a.ts': "import type pg from 'pg'" }, ['checks/a.ts may not import pg']],
  [
    'commander elsewhere',
    { 'steps/a.ts': "import { Command } from 'commander'" },
    ['steps/a.ts may not import commander'],
  ],
  ['execa elsewhere', { 'cli/a.ts': "import { execa } from 'execa'" }, ['cli/a.ts may not import execa']],
  [
    'child_process anywhere',
    { 'effects/run-process.ts': "import { spawn } from 'node:child_process'" },
    ['effects/run-process.ts may not import node:child_process'],
  ],
  ['process.exit', { 'cli/main.ts': 'process.exit(1)' }, ['cli/main.ts calls process.exit']],
  ['process.exitCode', { 'run.ts': 'process.exitCode = 1' }, ['run.ts sets process.exitCode']],
  [
    'an approval made elsewhere',
    {
      'domain/approval.ts': 'export function makeApproval() {}',
      'steps/confirm.ts': "import { makeApproval } from '../domain/approval.js'",
      'steps/a.ts': "import { makeApproval as yes } from '../domain/approval.js'",
      'steps/b.ts': "import * as approval from '../domain/approval.js'",
      'steps/c.ts': "export * from '../domain/approval.js'",
      'steps/d.ts': "const { makeApproval } = await import('../domain/approval.js')",
      'steps/e.ts': "export { makeApproval } from '../domain/approval.js'",
      'steps/f.ts': "import type { Approval } from '../domain/approval.js'",
    },
    ['a', 'b', 'c', 'd', 'e'].map((file) => `steps/${file}.ts may not import makeApproval`),
  ],
  ['a file in no room', { 'helpers/a.ts': '' }, ['helpers/a.ts is in no room']],
  [
    'a circle of types',
    { 'sql/a.ts': "import type { B } from './b.js'", 'sql/b.ts': "import type { A } from './a.js'" },
    ['circle: sql/a.ts → sql/b.ts → sql/a.ts'],
  ],
])('tells %s', (_, sources, violations) => {
  expect(findViolations(sources)).toEqual(violations)
})
