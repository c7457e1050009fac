import type { Check } from '../check.js'

/**
 * A superuser passes by every privilege and policy, so that the same migration may fail where the role is an ordinary one.
 * Many a database of a developer has no other role: a fact to write down, no fault.
 */
export const superuserRole: Check = {
  code: 'superuser-role',
  title: 'the role of the migrations is no superuser',
  steps: ['check'],
  find: async (reader) => {
    const { rows } = await reader.query(
      'SELECT r.rolname AS role, r.rolsuper AS superuser FROM pg_catalog.pg_roles r WHERE r.rolname = current_user',
    )
    const [facts] = rows
    return facts?.superuser
      ? { findings: [], outcome: 'info', facts, note: 'no privilege or policy is asked of it' }
      : []
  },
}
