import type { MarkedBaseline } from '../domain/marked-baseline.js'
import { approvableHash, type Plan } from '../domain/plan.js'
import { clean, formatTargetName, plural } from './words.js'

/** What would be marked, before anybody is asked. */
export function formatBaseline({ target, appliedCount }: Plan, { migrations, hash }: MarkedBaseline): string {
  return [
    '',
    `target      ${formatTargetName(target)}`,
    `history     ${appliedCount === 0 ? 'no migration is applied' : `${plural(appliedCount, 'migration')} applied`}`,
    `baseline    ${approvableHash({ hash })}, to mark as applied, in this order; nothing of them is run:`,
    ...migrations.map((name) => `  ${name}`),
    '',
  ]
    .map(clean)
    .join('\n')
}
