import type { CodePage } from '../domain/code-page.js'

/** What the comparison of the migrations folder with the migration history finds. */
export const historyPages: readonly CodePage[] = [
  {
    code: 'failed-migration',
    kind: 'history',
    title: 'a migration was started and never finished',
    why: 'Prisma refuses every deploy until it is resolved (P3009). Its history looks the same whether all of the file, a part of it or nothing is in the database.',
    remedy:
      'Run npx migrate-guard resolve. It finds out what of the file is in the database, shows its evidence and the one right thing to do, and asks: mark the migration as rolled back when nothing of it is there, as applied when all of it is, or run the rest. Where the evidence does not tell, it changes nothing and says so.',
  },
  {
    code: 'edited-migration',
    kind: 'history',
    title: 'a migration was edited after it was applied',
    why: 'prisma migrate deploy skips it silently, so this database never gets the change while a fresh one does.',
    remedy: 'Restore the file as it was applied, and put the change into a new migration.',
  },
  {
    code: 'missing-migration',
    kind: 'history',
    title: 'a migration is applied in the database and has no folder',
    why: 'This is an older branch, or the database of another project: what is pending was written for a different state.',
    remedy: 'Check out the branch that has the folder, or correct the target.',
  },
  {
    code: 'no-history',
    kind: 'history',
    title: 'the schema holds tables and no migration history',
    why: 'prisma migrate deploy refuses such a database with P3005: it cannot know which of the migrations made the tables that are there.',
    remedy:
      'Run npx migrate-guard baseline. It runs the migrations on an empty database of its own, compares that with this one object by object, and marks as applied those that this database has already (what npx prisma migrate resolve --applied <migration> does for one). Then check again.',
  },
  {
    code: 'squashed-history',
    kind: 'history',
    title: 'applied migrations have no folder, and a later one took their place',
    why: 'That is what squashing leaves behind: Prisma deploys all the same, once the new file is marked as applied. While it is pending, Prisma would run it on tables that are there, and that blocks. It looks the same when somebody has lost the folders, or when this is the database of another project.',
    remedy:
      'After squashing, mark the new file as applied: npx migrate-guard baseline --to <migration>, which proves first that it makes what is there. Otherwise check out the branch that has the folders, or correct the target.',
  },
  {
    code: 'out-of-order-migration',
    kind: 'history',
    title: 'a pending migration sorts before one that is applied',
    why: 'Prisma applies it all the same, here after and on a fresh database before the others. The two may end up different.',
    remedy: 'Give the folder a newer timestamp, unless both orders give the same database.',
  },
  {
    code: 'migration-file-missing',
    kind: 'history',
    title: 'a migration folder holds no migration.sql',
    why: 'Prisma refuses to deploy anything (P3015).',
    remedy: 'Restore the file, or remove the folder if the migration was never applied.',
  },
]
