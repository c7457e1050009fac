import { readFileSync } from 'node:fs'
import { type ChainRow, type CorpusChain, chainsOf, chainsOver } from '../../support/corpus/corpus-chain.js'
import { blocks as blockChains } from '../chains/blocks.js'
import { columns } from '../chains/columns.js'
import { files } from '../chains/files.js'
import { constraints } from '../chains/keys.js'
import { names } from '../chains/names.js'
import { queries } from '../chains/queries.js'
import { rows } from '../chains/rows.js'
import { types } from '../chains/types.js'
import { onlyLooksLikeIt, usesOfAddedValue } from './added-values.js'
import * as behind from './behind-a-failure.js'
import * as blocks from './blocks.js'
import { cascades } from './cascades.js'
import * as conditions from './condition-order.js'
import * as damage from './damage.js'
import * as domains from './domains.js'
import * as empty from './empty-tables.js'
import * as exclusion from './exclusion.js'
import * as obstacles from './first-obstacle.js'
import * as kept from './kept.js'
import { knownFaults } from './known-faults.js'
import * as lineage from './lineage.js'
import * as locks from './locks.js'
import { locksOfRows } from './locks-of-rows.js'
import * as losses from './losses.js'
import * as madeTypes from './made-types.js'
import * as merge from './merge.js'
import * as partitions from './partitions.js'
import * as privileges from './privileges.js'
import * as published from './published.js'
import * as putOff from './put-off-checks.js'
import * as references from './references.js'
import * as refresh from './refresh.js'
import { refusals } from './refusals.js'
import * as rewrites from './rewrites.js'
import * as security from './row-security.js'
import * as rules from './rules.js'
import * as positions from './sequence-positions.js'
import * as settings from './session-settings.js'
import * as siblings from './siblings.js'
import * as silence from './silence.js'
import * as transactions from './transaction-settings.js'
import * as triggers from './triggers.js'
import * as unfollowed from './unfollowed.js'

interface Case {
  readonly setup?: string
  readonly migration: string
}

/** Cases of a test, by name. */
function ofCases(source: string, cases: Readonly<Record<string, Case>>, setup = ''): CorpusChain[] {
  return Object.entries(cases).map(([name, one]) => ({
    source,
    name,
    setup: one.setup ?? setup,
    pending: [one.migration],
  }))
}

function ofTexts(source: string, texts: Readonly<Record<string, string>>, setup = ''): CorpusChain[] {
  return chainsOver(source, setup, Object.entries(texts))
}

/** Statements that are their own names. */
function ofStatements(source: string, statements: readonly string[], setup = ''): CorpusChain[] {
  return chainsOver(
    source,
    setup,
    statements.map((sql): ChainRow => [sql, sql]),
  )
}

/** What stands there already, and a statement. A role that the former takes on is the one that deploys. */
function ofPairs(
  source: string,
  pairs: readonly (readonly [before: string, statement: string])[],
): CorpusChain[] {
  return pairs.map(([before, statement]) => {
    const role = /SET (?:LOCAL )?ROLE (\w+)/.exec(before)?.[1]
    return {
      source,
      name: before === '' ? statement : `${before} → ${statement}`,
      setup: before.replace(/;?\s*SET (?:LOCAL )?ROLE \w+/, ''),
      pending: [statement],
      ...(role === undefined ? {} : { role }),
    }
  })
}

const lockFixture = readFileSync('test/fixtures/forecast/locks.sql', 'utf8')

/** What is set belongs to the same file; everything else is deployed before. */
function ofLocks(): CorpusChain[] {
  return [
    ...ofStatements('locks', Object.values(locks.statements).flat(), lockFixture),
    ...locks.afterOthers.map(([before, sql]) => ({
      source: 'locks after others',
      name: `${before} → ${sql}`,
      setup: lockFixture,
      pending: before.startsWith('SET ') ? [`${before}; ${sql}`] : [before, sql],
    })),
  ]
}

const hiddenRoles =
  'CREATE ROLE hidden_owner; CREATE ROLE hidden_reader; CREATE ROLE hidden_nothing BYPASSRLS;'

function ofRowSecurity(): CorpusChain[] {
  return Object.entries({ ...security.unknown, ...security.known }).map(([name, { setup, migration }]) => {
    const [chain] = ofPairs('row security', [[`${hiddenRoles} ${setup}`, migration]])
    return { ...(chain as CorpusChain), name }
  })
}

function madeTypeTexts(): Record<string, string> {
  const { made, slug, replaced, withoutRows, withRows } = madeTypes
  return Object.fromEntries([
    ...replaced.map(([name, sql]) => [name, `${made} CREATE VIEW v AS SELECT * FROM made; ${sql};`]),
    ...withoutRows.map(([name, sql]) => [`no row, ${name}`, `${made} ${slug} ${sql};`]),
    ...withRows.map(([name, sql]) => [name, `${made} ${slug} ${sql};`]),
  ])
}

/** Every statement and chain of the forecast's tests, and those that show its known faults. */
export const corpus: readonly CorpusChain[] = [
  ...cascades,
  ...knownFaults,
  ...locksOfRows,
  ...Object.entries({
    columns,
    constraints,
    rows,
    types,
    queries,
    names,
    blocks: blockChains,
    files,
  }).flatMap(([name, chains]) => chainsOf(name, chains)),
  ...Object.entries(behind.cases).map(([name, one]) => ({
    source: 'behind a failure',
    name,
    setup: behind.setup,
    pending: one.files,
  })),
  ...ofCases('blocks of code', blocks.cases, blocks.setup),
  ...ofCases('conditions', conditions.cases, conditions.setup),
  ...Object.entries(damage.cases).map(([name, { sql }]) => ({
    source: 'damage',
    name,
    setup: damage.setup,
    pending: [sql],
  })),
  ...ofCases('domains', domains.cases, domains.setup),
  ...ofTexts('empty tables', { ...empty.idle, ...empty.busy }, empty.tables),
  ...ofCases('exclusion', exclusion.cases),
  ...ofCases('first obstacle', obstacles.cases, obstacles.setup),
  ...ofTexts('kept', { ...kept.keptEverywhere, ...kept.notKept }, kept.setup),
  ...losses.cases.map(({ name, setup = '', files: pending }) => ({
    source: 'losses',
    name,
    setup: `${losses.shop}; ${setup}`,
    pending,
  })),
  ...lineage.cases.map(([name, files]) => ({
    source: 'lineage',
    name,
    setup: lineage.setup,
    pending: files,
  })),
  ...ofTexts('made types', madeTypeTexts(), ''),
  ...[...usesOfAddedValue, ...onlyLooksLikeIt].map((sql) => ({
    source: 'added enum values',
    name: sql,
    setup:
      "CREATE TYPE status AS ENUM ('open'); CREATE TABLE t (s status, a text); CREATE VIEW v AS SELECT s FROM t",
    pending: [`ALTER TYPE status ADD VALUE 'paid'; ${sql}`],
  })),
  ...ofCases('merge', merge.cases, merge.setup),
  ...ofCases('partitions', partitions.cases, partitions.setup),
  ...ofCases('published', published.cases),
  ...ofStatements('put-off checks', [...putOff.waiting.flat(), ...putOff.passing.flat()], putOff.setup),
  ...ofCases('references', references.cases, references.setup),
  ...ofCases('refresh', refresh.cases, refresh.setup),
  ...ofCases('rules', rules.cases, rules.setup),
  ...ofCases('sequence positions', positions.cases),
  ...Object.entries(settings.cases).map(([name, one]) => ({
    source: 'session settings',
    name,
    setup: settings.setup,
    pending: one.files,
  })),
  ...ofStatements(
    'transaction settings',
    [...transactions.passing, ...transactions.refused.map(([, sql]) => sql)],
    transactions.setup,
  ),
  ...ofCases('triggers', triggers.followed),
  ...ofTexts('unfollowed', unfollowed.unknown, unfollowed.setup),
  ...ofRowSecurity(),
  ...ofPairs('privileges', [...privileges.refused, ...privileges.permitted]),
  ...Object.entries(refusals).flatMap(([, pairs]) => ofPairs('refusals', pairs)),
  ...ofPairs('silence, each with what it needs', silence.others),
  ...ofPairs('siblings of refusals', siblings.passing),
  ...ofStatements('silence', silence.good, silence.schema),
  ...silence.good.map((sql) => ({
    source: 'silence, after a migration',
    name: sql,
    setup: '',
    pending: [silence.schema, sql],
  })),
  ...ofStatements('rewrites', rewrites.statements, rewrites.fixture),
  ...ofLocks(),
]
