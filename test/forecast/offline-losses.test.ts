import { beforeAll, expect, test } from '@jest/globals'
import { lossesWithoutServer } from '../../src/forecast/offline-losses.js'
import { loadParser } from '../../src/sql/parser.js'
import { filesOf } from '../support/forecast.js'

beforeAll(loadParser)

const made = 'CREATE TABLE people (id int PRIMARY KEY, name text, fax text); CREATE TABLE notes (id int);'

async function lossesOf(...files: string[]): Promise<string[]> {
  const found = await lossesWithoutServer(filesOf([made, ...files]), () => true)
  return found.map(({ code, object, migration, line }) => `${migration}:${line} ${code} ${object}`)
}

test.each<[title: string, files: string[], found: string[]]>([
  ['a column of an earlier file', ['ALTER TABLE people DROP fax'], ['2:1 drop-column people.fax']],
  [
    'one of the same type comes in its place',
    ['ALTER TABLE people DROP fax,\n ADD telefax text'],
    ['2:1 probable-rename-column people.fax'],
  ],
  [
    'an UPDATE fills the one in its place',
    ['ALTER TABLE people ADD telefax text;\nUPDATE people SET telefax = fax;\nALTER TABLE people DROP fax'],
    ['2:3 drop-column people.fax'],
  ],
  [
    'it comes back under its name',
    ['ALTER TABLE people DROP fax;\nALTER TABLE people ADD fax int'],
    ['2:1 drop-and-re-add-column people.fax'],
  ],
  [
    'under the name that a rename gave it',
    ['ALTER TABLE people RENAME TO persons', 'ALTER TABLE persons DROP fax'],
    ['3:1 drop-column persons.fax'],
  ],
  ['a column of the same file', ['ALTER TABLE people ADD more int;\nALTER TABLE people DROP more'], []],
  ['a table of the same file', ['CREATE TABLE scratch (a int);\nDROP TABLE scratch'], []],
  ['a table of an earlier file', ['DROP TABLE notes'], ['2:1 drop-table notes']],
  [
    'a table whose columns another one has',
    ['DROP TABLE people;\nCREATE TABLE persons (id int PRIMARY KEY, name text, fax text)'],
    ['2:1 probable-rename-table people'],
  ],
  ['a column of a table that no file makes', ['ALTER TABLE old DROP a'], ['2:1 drop-column old.a']],
  [
    'and another one comes in its place',
    ['ALTER TABLE old DROP a;\nALTER TABLE old ADD b text'],
    ['2:1 probable-rename-column old.a'],
  ],
  ['a table that no file makes', ['DROP TABLE old'], ['2:1 drop-table old']],
  ['a column that the file adds to it', ['ALTER TABLE old ADD b text;\nALTER TABLE old DROP b'], []],
  ['a rename', ['ALTER TABLE people RENAME fax TO telefax'], []],
])('what files drop, without a server: %s', async (_, files, found) => {
  expect(await lossesOf(...files)).toEqual(found)
})

test('a migration that is not shown is followed, and not told of', async () => {
  const files = filesOf([made, 'ALTER TABLE people DROP fax', 'ALTER TABLE people DROP name'])
  const found = await lossesWithoutServer(files, (migration) => migration === '3')
  expect(found).toMatchObject([
    {
      code: 'drop-column',
      kind: 'loss',
      verdict: 'warn',
      migration: '3',
      message: '"people"."name" is dropped with the values that it holds',
    },
  ])
})
