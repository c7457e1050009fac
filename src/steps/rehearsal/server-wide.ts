import { RehearsalError } from '../../domain/errors.js'
import type { Statement } from '../../domain/migration.js'
import type { Plan } from '../../domain/plan.js'
import type { RehearsalPlace } from '../../domain/rehearsal.js'
import { parseStatements } from '../../sql/parser.js'

/** Nodes of statements that act on the whole server, or on a database that they name: the copy could not hold them. */
const serverWide =
  /^(AlterDatabase\w*|AlterSystem|Createdb|Dropdb|CreateRole|AlterRole\w*|DropRole|GrantRole|ReassignOwned|CreateTableSpace|DropTableSpace|AlterTableSpace\w*)Stmt$/

/**
 * On a server that is not ours alone, what a migration does to roles, databases and settings would be done for real.
 * @throws RehearsalError
 */
export function assertStaysInside({ pending }: Plan, place: RehearsalPlace): void {
  if (place === 'local') return
  for (const { file, statements } of pending) {
    const found = statements.find((one) => serverWide.test(one.kind) || namesSharedObject(one))
    if (found === undefined) continue
    throw new RehearsalError(
      'acts-on-server',
      `${file}, line ${found.line}, acts on the whole server, which a copy there could not hold`,
      { hint: 'Rehearse on a server of our own: --rehearsal local.' },
    )
  }
}

/** ALTER … OWNER, RENAME, GRANT and COMMENT are the same nodes for every kind of object. */
function namesSharedObject({ sql }: Statement): boolean {
  const parsed = parseStatements(sql)
  return /"OBJECT_(DATABASE|ROLE|TABLESPACE)"/.test(JSON.stringify(parsed))
}
