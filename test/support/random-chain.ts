import fc from 'fast-check'

/** A random database and random migrations of it, as SQL. */
export interface RandomChain {
  readonly setup: string
  readonly pending: readonly string[]
}

type Type = 'int' | 'text' | 'varchar' | 'numeric' | 'bool' | 'date' | 'jsonb' | 'mood' | 'ints' | 'moods'

interface Column {
  name: string
  type: Type
  isKey: boolean
}

interface Table {
  name: string
  columns: Column[]
}

const typeNames: Record<Type, string> = {
  int: 'int',
  text: 'text',
  varchar: 'varchar(6)',
  numeric: 'numeric(6,2)',
  bool: 'boolean',
  date: 'date',
  jsonb: 'jsonb',
  mood: 'mood',
  ints: 'int[]',
  moods: 'mood[]',
}

/** Few values, so that keys meet and references lead nowhere. */
const values: Record<Type, readonly string[]> = {
  int: ['NULL', '0', '1', '2', '3', '-1', '40'],
  text: ['NULL', `'a'`, `'A'`, `'b'`, `''`, `'12'`, `'ok'`, `'long text'`],
  varchar: ['NULL', `'a'`, `'abcdef'`, `'7'`, `'sad'`],
  numeric: ['NULL', '0', '1.5', '1000.25', '-2'],
  bool: ['NULL', 'true', 'false'],
  date: ['NULL', `'2020-02-29'`, `'1999-12-31'`],
  jsonb: ['NULL', `'{"a": 1}'`, `'[1, "x"]'`, `'null'`, `'{"a": null}'`],
  mood: ['NULL', `'sad'`, `'ok'`, `'glad'`],
  ints: ['NULL', `'{}'`, `'{1,2}'`, `'{NULL,1}'`],
  moods: ['NULL', `'{}'`, `'{ok,sad}'`, `'{NULL}'`],
}
const types = Object.keys(typeNames) as Type[]

/** Picks one thing after another by random numbers; a shorter list of them makes a smaller chain. */
class Choices {
  #at = 0

  constructor(private readonly numbers: readonly number[]) {}

  number(below: number): number {
    const number = this.numbers[this.#at % this.numbers.length] ?? 0
    this.#at += 1
    return number % below
  }

  of<T>(list: readonly T[]): T {
    const one = list[this.number(list.length)]
    if (one === undefined) throw new Error('nothing to choose from')
    return one
  }

  chance(one: number, inAll: number): boolean {
    return this.number(inAll) < one
  }
}

/** Writes random statements that name what is there at their point of the chain. */
class Writer {
  readonly tables: Table[] = []
  #count = 0

  constructor(public choices: Choices) {}

  setup(): string {
    const { choices } = this
    const lines = [`CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad')`]
    for (const name of ['a', 'B b'].slice(0, 1 + choices.number(2))) {
      const table: Table = { name, columns: [{ name: 'id', type: 'int', isKey: true }] }
      for (let i = 0; i < 1 + choices.number(4); i += 1)
        table.columns.push({
          name: ['x', 'Y y', 'z', 'ref'][i] ?? `c${i}`,
          type: i === 3 ? 'int' : choices.of(types),
          isKey: false,
        })
      this.tables.push(table)
      const columns = table.columns.map(
        ({ name: column, type, isKey }) => `"${column}" ${typeNames[type]}${isKey ? ' PRIMARY KEY' : ''}`,
      )
      lines.push(`CREATE TABLE "${name}" (${columns.join(', ')})`)
      for (let id = 1; id <= choices.number(6); id += 1) {
        const row = table.columns.map(({ type, isKey }) => (isKey ? String(id) : choices.of(values[type])))
        lines.push(`INSERT INTO "${name}" VALUES (${row.join(', ')})`)
      }
    }
    return lines.join(';\n')
  }

  statement(): string {
    const { choices } = this
    const table = choices.of(this.tables)
    const t = `"${table.name}"`
    const column = choices.of(table.columns)
    const c = `"${column.name}"`
    const write = choices.of<() => string>([
      () => this.#update(table),
      () => this.#update(table),
      () => this.#updateFrom(table),
      () => `DELETE FROM ${t} WHERE ${this.#condition(table)}`,
      () => this.#deleteUsing(table),
      () => this.#insert(table),
      () => this.#insertSelect(table),
      () => this.#upsert(table),
      () => this.#moveRows(table),
      () => this.#addColumn(table),
      () => this.#dropColumn(table, column),
      () => this.#renameColumn(column, t),
      () => this.#renameTable(table),
      () => `ALTER TABLE ${t} ALTER ${c} SET NOT NULL`,
      () => `ALTER TABLE ${t} ALTER ${c} SET DEFAULT ${choices.of(values[column.type].slice(1))}`,
      () => this.#changeType(column, t),
      () => this.#uniqueIndex(table, column),
      () => `ALTER TABLE ${t} ADD CHECK (${this.#condition(table)})`,
      () => this.#foreignKey(table, column),
      () => this.#copyTable(table),
      () => this.#block(table, column),
      () => `CREATE VIEW "v${this.#next()}" AS SELECT * FROM ${t} WHERE ${this.#condition(table)}`,
    ])
    return write()
  }

  #next(): number {
    this.#count += 1
    return this.#count
  }

  #value(table: Table, type: Type, alias = table.name): string {
    const { choices } = this
    const same = table.columns.filter((one) => one.type === type).map(({ name }) => `"${alias}"."${name}"`)
    const own = same.length > 0 ? choices.of(same) : `NULL::${typeNames[type]}`
    const texts: string[] = table.columns.map(({ name }) => `"${alias}"."${name}"::text`)
    const made: Partial<Record<Type, readonly string[]>> = {
      int: [
        `${own} + 1`,
        `coalesce(${own}, 7)`,
        `100 / ${own}`,
        `length(${choices.of(texts)})`,
        `"${alias}"."id" * 10`,
      ],
      text: [
        `upper(${own})`,
        `coalesce(${own}, 'none')`,
        `${own} || 'x'`,
        choices.of(texts),
        `nullif(${own}, 'a')`,
      ],
      varchar: [`${own} || 'yz'`, choices.of(texts)],
      numeric: [`${own} * 2`, `${own} / 3`, `${own} * 1000`],
      bool: [`NOT ${own}`, `"${alias}"."id" > 2`, `${own} IS NOT TRUE`],
      date: [`${own} + 1`],
      jsonb: [`coalesce(${own}, '{}')`, `${own} -> 'a'`, `to_jsonb("${alias}"."id")`],
      ints: [`array_append(${own}, 5)`, `ARRAY["${alias}"."id"]`],
      mood: [`coalesce(${own}, 'ok')`],
      moods: [`array_append(${own}, 'sad')`],
    }
    return choices.of([...values[type], ...(made[type] ?? []), ...(made[type] ?? []), ...same])
  }

  #condition(table: Table): string {
    const { choices } = this
    const { name, type } = choices.of(table.columns)
    const c = `"${table.name}"."${name}"`
    const value = choices.of(values[type].slice(1))
    const other = choices.of(this.tables)
    return choices.of([
      `${c} IS NULL`,
      `${c} IS NOT NULL`,
      `${c} = ${value}`,
      `${c} IS DISTINCT FROM ${value}`,
      `"${table.name}"."id" > 2`,
      `"${table.name}"."id" IN (SELECT o."id" FROM "${other.name}" AS o WHERE o."id" <> 1)`,
      `NOT EXISTS (SELECT 1 FROM "${other.name}" AS o WHERE o."id" = "${table.name}"."id" + 1)`,
      `("${table.name}"."id" < 4 OR ${c} IS NULL)`,
    ])
  }

  #update(table: Table): string {
    const { choices } = this
    const { name, type } = choices.of(table.columns)
    const where = choices.chance(3, 4) ? ` WHERE ${this.#condition(table)}` : ''
    return `UPDATE "${table.name}" SET "${name}" = ${this.#value(table, type)}${where}`
  }

  #updateFrom(table: Table): string {
    const { choices } = this
    const other = choices.of(this.tables)
    const { name, type } = choices.of(
      table.columns.slice(1).concat(table.columns.length > 1 ? [] : table.columns),
    )
    const key = choices.of(table.columns.filter((one) => one.type === 'int')).name
    return `UPDATE "${table.name}" SET "${name}" = ${this.#value(other, type, 'o')} FROM "${other.name}" AS o WHERE o."id" = "${table.name}"."${key}"`
  }

  #deleteUsing(table: Table): string {
    const other = this.choices.of(this.tables)
    return `DELETE FROM "${table.name}" USING "${other.name}" AS o WHERE o."id" = "${table.name}"."id" + ${this.choices.number(2)} AND o."id" > 1`
  }

  #insert(table: Table): string {
    const { choices } = this
    const given = table.columns.filter(({ isKey }) => isKey || choices.chance(2, 3))
    const row = () =>
      given.map(({ type, isKey }) =>
        isKey ? String(choices.number(12)) : choices.of([...values[type], 'DEFAULT']),
      )
    const rows = Array.from({ length: 1 + choices.number(2) }, () => `(${row().join(', ')})`)
    return `INSERT INTO "${table.name}" (${given.map(({ name }) => `"${name}"`).join(', ')}) VALUES ${rows.join(', ')}`
  }

  #insertSelect(table: Table): string {
    const { choices } = this
    const other = choices.of(this.tables)
    const given = table.columns.filter(({ isKey }) => isKey || choices.chance(1, 2))
    const list = given.map(({ type, isKey }) =>
      isKey ? `o."id" + ${choices.of([0, 20])}` : this.#value(other, type, 'o'),
    )
    const end = choices.of(['', ' WHERE o."id" <> 2', ' ORDER BY o."id" DESC LIMIT 2'])
    return `INSERT INTO "${table.name}" (${given.map(({ name }) => `"${name}"`).join(', ')}) SELECT ${list.join(', ')} FROM "${other.name}" AS o${end}`
  }

  #upsert(table: Table): string {
    const { choices } = this
    const { name, type, isKey } = choices.of(table.columns)
    const what =
      isKey || choices.chance(1, 2)
        ? 'DO NOTHING'
        : `(id) DO UPDATE SET "${name}" = ${choices.of([`excluded."${name}"`, this.#value(table, type)])}`
    return `${this.#insert(table)} ON CONFLICT ${what}`
  }

  #moveRows(table: Table): string {
    const other = this.choices.of(this.tables)
    return `WITH gone AS (DELETE FROM "${table.name}" WHERE ${this.#condition(table)} RETURNING *) INSERT INTO "${other.name}" ("id") SELECT gone."id" + 30 FROM gone`
  }

  #addColumn(table: Table): string {
    const { choices } = this
    const type = choices.of(types)
    const column: Column = { name: `n${this.#next()}`, type, isKey: false }
    table.columns.push(column)
    const value = choices.of(values[type])
    const end = choices.of([
      '',
      ` DEFAULT ${value}`,
      ` NOT NULL DEFAULT ${value}`,
      ' NOT NULL',
      ` DEFAULT ${value} UNIQUE`,
    ])
    return `ALTER TABLE "${table.name}" ADD COLUMN "${column.name}" ${typeNames[type]}${end}`
  }

  #dropColumn(table: Table, column: Column): string {
    if (column.isKey) return this.#update(table)
    table.columns = table.columns.filter((one) => one !== column)
    return `ALTER TABLE "${table.name}" DROP COLUMN "${column.name}" CASCADE`
  }

  #renameColumn(column: Column, t: string): string {
    if (column.isKey) return `ALTER TABLE ${t} ALTER id SET NOT NULL`
    const from = column.name
    column.name = `r${this.#next()}`
    return `ALTER TABLE ${t} RENAME COLUMN "${from}" TO "${column.name}"`
  }

  #renameTable(table: Table): string {
    const from = table.name
    table.name = this.choices.of(
      [`T${this.#next()}`, `o${this.#next()}`, 'c', 'n', 'q'].filter(
        (name) => !this.tables.some((one) => one.name === name),
      ),
    )
    return `ALTER TABLE "${from}" RENAME TO "${table.name}"`
  }

  #changeType(column: Column, t: string): string {
    if (column.isKey) return `ALTER TABLE ${t} ALTER id SET NOT NULL`
    const c = `"${column.name}"`
    const way = this.choices.of<[Type, string]>([
      ['text', `${c}::text`],
      ['varchar', `${c}::text`],
      ['int', `${c}::text::int`],
      ['mood', `${c}::text::mood`],
      ['int', `length(${c}::text)`],
      ['jsonb', `to_jsonb(${c})`],
    ])
    column.type = way[0]
    return `ALTER TABLE ${t} ALTER ${c} DROP DEFAULT, ALTER ${c} TYPE ${typeNames[way[0]]} USING ${way[1]}`
  }

  #uniqueIndex(table: Table, column: Column): string {
    const { choices } = this
    const c = `"${column.name}"`
    const other = `"${choices.of(table.columns).name}"`
    const keys = choices.of(
      [c, c, `${c}, ${other}`, `(${c} IS NULL)`, `lower(${c}::text)`].slice(
        0,
        column.type === 'text' ? 5 : 4,
      ),
    )
    const nulls = choices.of(['', '', ' NULLS NOT DISTINCT'])
    const where = choices.chance(1, 4) ? ` WHERE "${choices.of(table.columns).name}" IS NOT NULL` : ''
    return `CREATE UNIQUE INDEX ON "${table.name}" (${keys})${nulls}${where}`
  }

  #foreignKey(table: Table, column: Column): string {
    const { choices } = this
    const parent = choices.of(this.tables)
    const child = column.type === 'int' ? column.name : 'id'
    const actions = choices.of([
      '',
      ' ON DELETE CASCADE',
      ' ON DELETE SET NULL',
      ' ON DELETE SET DEFAULT',
      ' ON UPDATE CASCADE',
    ])
    const end = choices.of(['', '', ' NOT VALID'])
    return `ALTER TABLE "${table.name}" ADD FOREIGN KEY ("${child}") REFERENCES "${parent.name}" ("id")${actions}${end}`
  }

  #copyTable(table: Table): string {
    const name = `k${this.#next()}`
    const columns = table.columns.map((column) => ({ ...column, isKey: false }))
    const sql = `CREATE TABLE "${name}" AS SELECT * FROM "${table.name}" WHERE ${this.#condition(table)}`
    this.tables.push({ name, columns: columns.map((column) => ({ ...column, isKey: column.name === 'id' })) })
    return `${sql}; ALTER TABLE "${name}" ADD PRIMARY KEY ("id")`
  }

  #block(table: Table, column: Column): string {
    const t = `"${table.name}"`
    const update = `${this.#update(table)};`
    return this.choices.of([
      `DO $$ BEGIN IF EXISTS (SELECT 1 FROM ${t} WHERE "${column.name}" IS NULL) THEN ${update} ELSE DELETE FROM ${t} WHERE "id" = 1; END IF; END $$`,
      `DO $$ DECLARE r record; BEGIN FOR r IN SELECT "id" FROM ${t} ORDER BY "id" LOOP UPDATE ${t} SET "id" = r."id" + 50 WHERE "id" = r."id"; END LOOP; END $$`,
      `DO $$ BEGIN ${update} EXCEPTION WHEN unique_violation OR not_null_violation OR division_by_zero THEN DELETE FROM ${t} WHERE "id" < 3; END $$`,
    ])
  }
}

/** 1 to 8 statements over one or two tables of a few rows, in one file or two. */
export const randomChains: fc.Arbitrary<RandomChain> = fc
  .record({
    setup: fc.array(fc.nat(10_000), { minLength: 12, maxLength: 60 }),
    statements: fc.array(fc.array(fc.nat(10_000), { minLength: 6, maxLength: 24 }), {
      minLength: 1,
      maxLength: 8,
    }),
    cut: fc.option(fc.nat(8)),
  })
  .map(({ setup, statements, cut }) => {
    const writer = new Writer(new Choices(setup))
    const text = writer.setup()
    const written = statements.map((numbers) => {
      writer.choices = new Choices(numbers)
      return writer.statement()
    })
    const at = cut ?? written.length
    const files = [written.slice(0, at), written.slice(at)].filter((file) => file.length > 0)
    return { setup: text, pending: files.map((file) => file.join(';\n')) }
  })
