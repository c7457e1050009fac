import fc from 'fast-check'
import { Choices } from './choices.js'
import { columnForms } from './column-statements.js'
import { otherForms } from './other-statements.js'
import { SchemaState } from './schema-state.js'
import { type Form, tableForms } from './table-statements.js'

const forms = [...tableForms, ...columnForms, ...otherForms].flatMap(([weight, form]) =>
  Array<Form>(weight).fill(form),
)

function statement(state: SchemaState): string {
  // What has nothing to be about gives way to another form.
  for (let tries = 0; tries < 8; tries += 1) {
    const sql = state.choices.of(forms)(state)
    if (sql !== undefined) return sql
  }
  return 'SELECT 1'
}

const numbers = fc.array(fc.nat(10_000), { minLength: 10, maxLength: 30 })

/**
 * A schema of 4 to 14 statements with a few rows, and 2 to 12 statements that change it, in one file or two: CASCADE,
 * partitions, inheritance, identity, domains, enums, views on views, several schemas, functions, extensions.
 */
export const schemaChains: fc.Arbitrary<{ readonly setup: string; readonly pending: readonly string[] }> = fc
  .record({
    setup: fc.array(numbers, { minLength: 4, maxLength: 14 }),
    pending: fc.array(numbers, { minLength: 2, maxLength: 12 }),
    cut: fc.option(fc.nat(12)),
  })
  .map(({ setup, pending, cut }) => {
    const state = new SchemaState(new Choices([0]))
    const write = (all: readonly (readonly number[])[]) =>
      all.map((own) => {
        state.choices = new Choices(own)
        return statement(state)
      })
    const before = write(setup)
    state.isSetup = false
    const written = write(pending)
    const at = cut ?? written.length
    const files = [written.slice(0, at), written.slice(at)].filter((file) => file.length > 0)
    return { setup: before.join(';\n'), pending: files.map((file) => file.join(';\n')) }
  })
