import type { MigrationStanding, Resolution } from '../../domain/diagnosis.js'

/** The one right thing to do with an unfinished migration of which so much is in the database. */
export function decideResolution(standing: MigrationStanding): Resolution {
  const { kind, statements = 0, invalidIndexes, why = 'nothing tells' } = standing
  switch (kind) {
    case 'none':
      return { kind: 'mark-rolled-back', dropIndexes: invalidIndexes }
    case 'all':
      return { kind: 'mark-applied', dropIndexes: invalidIndexes }
    case 'part':
      return { kind: 'run-rest', from: statements + 1, dropIndexes: invalidIndexes }
    case 'unknown':
      return { kind: 'refuse', why }
  }
}
