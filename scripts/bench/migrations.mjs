// Writes a history of migrations as Prisma writes them, the same at each call: mostly small ones, some with many tables,
// here and there one that was written by hand.

const nouns =
  'Account Address Asset Audit Booking Budget Campaign Category Channel Comment Company Contact Contract Coupon Customer Delivery Device Document Event Export File Folder Group Import Invoice Item Job Label Lead License Link List Location Message Metric Note Offer Order Page Payment Plan Post Price Product Profile Project Quote Receipt Refund Report Request Review Role Route Session Setting Shipment Stock Store Tag Task Team Template Ticket Token Tool Tour User Vendor Visit Wallet Webhook'.split(
    ' ',
  )
const columns =
  'title body status amount currency email phone slug locale notes color position score rating weight height width url path hash source target reason state kind level city country region zip'.split(
    ' ',
  )
const types = ['TEXT', 'INTEGER', 'BOOLEAN', 'TIMESTAMP(3)', 'DECIMAL(65,30)', 'JSONB', 'BIGINT', 'TEXT[]']

/** `[name, sql]` of each migration, in order. */
export function makeMigrations(count) {
  const history = new History()
  return Array.from({ length: count }, (_, at) => {
    const time = new Date(Date.UTC(2022, 0, 1) + at * 36e5 * 19).toISOString().replace(/\D/g, '').slice(0, 14)
    const [what, sql] = at === 0 ? ['init', history.manyTables(24)] : history.next()
    return [`${time}_${what}`, sql]
  })
}

class History {
  #seed = 20260101
  #tables = []
  #values = 0

  /** Half of them do one thing, the others several. Sizes as in real histories: 420 bytes the middle one, 1.5 kB on average. */
  next() {
    const [what, sql] = this.#part()
    const more = this.#below(2) === 0 ? 0 : 1 + this.#below(5)
    return [what, [sql, ...Array.from({ length: more }, () => this.#part()[1])].join('\n')]
  }

  #part() {
    const dice = this.#below(100)
    if (dice < 36) return ['add_columns', this.#alterTable()]
    if (dice < 52) return ['add_table', this.#tableWithRelations()]
    if (dice < 66) return ['add_index', this.#createIndex()]
    if (dice < 73) return ['add_enum_value', this.#addEnumValue()]
    if (dice < 83) return ['replace_column', this.#replaceColumn()]
    if (dice < 87) return ['rename_column', this.#renameColumn()]
    if (dice < 94) return ['backfill', this.#backfill()]
    if (dice < 97) return ['concurrent_index', this.#concurrentIndex()]
    return ['feature', this.manyTables(3 + this.#below(14))]
  }

  manyTables(count) {
    return Array.from({ length: count }, () => this.#tableWithRelations()).join('\n')
  }

  #tableWithRelations() {
    const name = `${this.#pick(nouns)}${this.#pick(nouns)}${this.#tables.length}`
    const parents = this.#tables.length < 3 ? [] : [this.#pick(this.#tables), this.#pick(this.#tables)]
    const own = this.#someColumns(4 + this.#below(9))
    const lines = [
      '    "id" TEXT NOT NULL,',
      ...own.map((column) => `    "${column}" ${this.#columnType()},`),
      ...parents.map((_, at) => `    "parent${at}Id" TEXT NOT NULL,`),
      '    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,',
      '    "updatedAt" TIMESTAMP(3) NOT NULL,',
      '',
      `    CONSTRAINT "${name}_pkey" PRIMARY KEY ("id")`,
    ]
    this.#tables.push({ name, columns: own })
    return [
      `-- CreateTable\nCREATE TABLE "${name}" (\n${lines.join('\n')}\n);\n`,
      `-- CreateIndex\nCREATE INDEX "${name}_${own[0]}_idx" ON "${name}"("${own[0]}");\n`,
      ...parents.map(
        (parent, at) =>
          `-- AddForeignKey\nALTER TABLE "${name}" ADD CONSTRAINT "${name}_parent${at}Id_fkey" FOREIGN KEY ("parent${at}Id") REFERENCES "${parent.name}"("id") ON DELETE CASCADE ON UPDATE CASCADE;\n`,
      ),
    ].join('\n')
  }

  #alterTable() {
    const { name } = this.#pick(this.#tables)
    const added = this.#someColumns(1 + this.#below(4)).map((column) => {
      const isRequired = this.#below(3) === 0
      return `ADD COLUMN     "${column}${this.#below(1000)}" ${isRequired ? 'BOOLEAN NOT NULL DEFAULT false' : this.#pick(types)}`
    })
    return `-- AlterTable\nALTER TABLE "${name}" ${added.join(',\n')};\n`
  }

  #createIndex() {
    const { name, columns: own } = this.#pick(this.#tables)
    const [one, other = 'id'] = this.#below(2) === 0 ? [own[0]] : own
    const unique = this.#below(3) === 0 ? 'UNIQUE ' : ''
    return `-- CreateIndex\nCREATE ${unique}INDEX "${name}_${one}_${other}_idx${this.#below(1000)}" ON "${name}"("${one}", "${other}");\n`
  }

  #addEnumValue() {
    this.#values += 1
    return `-- AlterEnum\nALTER TYPE "Status" ADD VALUE 'VALUE_${this.#values}';\n`
  }

  #replaceColumn() {
    const { name, columns: own } = this.#pick(this.#tables)
    const column = this.#pick(own)
    return `/*
  Warnings:

  - You are about to drop the column \`${column}\` on the \`${name}\` table. All the data in the column will be lost.

*/
-- DropIndex
DROP INDEX "${name}_${own[0]}_idx";

-- AlterTable
ALTER TABLE "${name}" DROP COLUMN "${column}",
ADD COLUMN     "${column}" ${this.#pick(types)};
`
  }

  #renameColumn() {
    const { name, columns: own } = this.#pick(this.#tables)
    return `-- Renamed by hand: Prisma would drop it and add another\nALTER TABLE "${name}" RENAME COLUMN "${this.#pick(own)}" TO "renamed${this.#below(1000)}";\n`
  }

  #backfill() {
    const { name, columns: own } = this.#pick(this.#tables)
    const column = this.#pick(own)
    return `-- Backfill
UPDATE "${name}" SET "${column}" = COALESCE("${column}", "${own[0]}") WHERE "${column}" IS NULL;

INSERT INTO "${name}" ("id", "${column}") SELECT gen_random_uuid(), 'none' FROM "${this.#pick(this.#tables).name}" p WHERE p."createdAt" > now() - interval '1 day' ON CONFLICT DO NOTHING;

-- AlterTable
ALTER TABLE "${name}" ALTER COLUMN "${column}" SET NOT NULL;
`
  }

  #concurrentIndex() {
    const { name, columns: own } = this.#pick(this.#tables)
    return `CREATE INDEX CONCURRENTLY IF NOT EXISTS "${name}_${own[0]}_later_idx" ON "${name}" ("${own[0]}") WHERE "${own[0]}" IS NOT NULL;\n`
  }

  #someColumns(count) {
    return [...new Set(Array.from({ length: count }, () => this.#pick(columns)))]
  }

  #columnType() {
    const type = this.#pick(types)
    return this.#below(2) === 0 ? `${type} NOT NULL` : type
  }

  #pick(list) {
    return list[this.#below(list.length)]
  }

  /** Mulberry32: the same numbers everywhere. */
  #below(limit) {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % limit
  }
}
