import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { parseSync } from '@swc/core'
import { makeCodeDocs, makeErrorDocs } from '../../../src/steps/code-docs.js'
import { codePages } from '../../../src/steps/code-pages.js'
import { errorPages } from '../../../src/steps/error-pages.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Two words or more. */
const codePattern = /^[a-z0-9]+(-[a-z0-9]+)+$/

interface Node {
  readonly type?: string
  readonly [key: string]: unknown
}

/** The codes that a file of src writes down: `code: 'x'` in an object, and the literals in the type of a `code`. */
function codesIn(source: string): string[] {
  const codes: string[] = []
  visit(parseSync(source, { syntax: 'typescript', target: 'es2023' }), (node) => {
    if ((node.key as Node | undefined)?.value !== 'code') return
    if (node.type === 'KeyValueProperty' && (node.value as Node).type === 'StringLiteral')
      codes.push((node.value as Node).value as string)
    if (node.type === 'TsPropertySignature')
      visit(node.typeAnnotation, (inner) => {
        if (inner.type === 'TsLiteralType') codes.push((inner.literal as Node).value as string)
      })
  })
  return codes
}

function visit(node: unknown, see: (node: Node) => void): void {
  if (typeof node !== 'object' || node === null) return
  see(node as Node)
  for (const child of Object.values(node)) visit(child, see)
}

function sources(): string[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.ts') && !/pages/.test(file))
    .map((file) => readFileSync(join(root, 'src', file), 'utf8'))
}

function codesInSources(): string[] {
  const codes = sources().flatMap(codesIn)
  return [...new Set(codes)].filter((code) => codePattern.test(code)).sort()
}

/** Whether a text of its own stands in src, whatever makes a finding of it. */
function isWritten(code: string): boolean {
  return sources().some((source) => source.includes(`'${code}'`))
}

test('every finding code has one page, and every page is of a code that can be found', () => {
  const codes = codePages.map(({ code }) => code)
  expect(codes).toEqual([...new Set(codes)])
  expect(codesInSources().filter((code) => !codes.includes(code))).toEqual([])
  expect(codes.filter((code) => !isWritten(code))).toEqual([])
})

test('the codes of a file are seen wherever they stand', () => {
  const source = `
    interface Problem { readonly code: 'a-type' | 'another-type' }
    const check: Check = { code: 'a-check', find: () => [{ code: 'a-finding', verdict: 'warn' }] }
    const other = { name: 'not-a-code', code: check.code }
    function found() { return { ...common, code: 'a-returned' } }`
  expect(codesIn(source)).toEqual(['a-type', 'another-type', 'a-check', 'a-finding', 'a-returned'])
})

describe('the page of', () => {
  test.each(codePages.map((page) => [page.code, page] as const))(
    '%s is written like the others',
    (_, page) => {
      expect(page.code).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
      expect(page.title).toMatch(/^(?!(?!Postgres)[A-Z][a-z]).*[^.]$/)
      expect(page.title.length).toBeLessThanOrEqual(110)
      for (const sentences of [page.why, page.remedy]) expect(sentences).toMatch(/^\S.*\.$/)
    },
  )
})

test('docs/checks is what npm run docs writes', () => {
  const folder = join(root, 'docs/checks')
  const written = Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  )
  expect(written).toEqual(makeCodeDocs())
})

/** The codes of errors: the first argument of `new …Error('x', …)`, of what makes one, and the `errorCode` of a TLS failure. */
function errorCodesIn(source: string): string[] {
  const codes: string[] = []
  visit(parseSync(source, { syntax: 'typescript', target: 'es2023' }), (node) => {
    const callee = node.callee as Node | undefined
    const makes =
      (node.type === 'NewExpression' && /Error$/.test(String(callee?.value))) ||
      (node.type === 'CallExpression' &&
        (callee?.type === 'Super' || ['refuse', 'make'].includes(String(callee?.value))))
    // A decorator and a type have `arguments` that are no list.
    const [first] = (makes ? (node.arguments ?? []) : []) as { expression: Node }[]
    if (first)
      visit(first.expression, (inner) => {
        if (inner.type === 'StringLiteral') codes.push(String(inner.value))
      })
    if (node.type === 'KeyValueProperty' && (node.key as Node).value === 'errorCode')
      codes.push(String((node.value as Node).value))
  })
  // A single word there may be something else; all of ours of one word have their page.
  return codes.filter((code) => codePattern.test(code))
}

test('every error code has a page, and every page is of a code that is used', () => {
  const used = [...new Set(sources().flatMap(errorCodesIn))]
  const pages = errorPages.map(({ code }) => code)
  const findings = codePages.map(({ code }) => code)
  expect(pages).toEqual([...new Set(pages)])
  expect(used.filter((code) => !pages.includes(code) && !findings.includes(code))).toEqual([])
  expect(pages.filter((code) => !isWritten(code) || findings.includes(code))).toEqual([])
})

test.each(errorPages.map((page) => [page.code, page] as const))(
  'the page of %s says what happened and what to do',
  (_, page) => {
    expect(page.title).toMatch(/^[^A-Z].*[^.]$|^Prisma.*[^.]$/)
    expect(page.remedy).toMatch(/^\S.*\.$/)
  },
)

test('docs/errors.md is what npm run docs writes', () => {
  expect(readFileSync(join(root, 'docs/errors.md'), 'utf8')).toBe(makeErrorDocs())
})
