import type { TargetAddress } from '../../domain/target.js'
import type { Session } from '../connection.js'

/** Settings that a role or database may carry and that would end or hinder a restore. */
const patience = {
  default_transaction_read_only: 'off',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_session_timeout: '0',
  idle_in_transaction_session_timeout: '0',
}

/** The session of the one who makes, fills and removes a rehearsal database. */
export function ownerSession(runId: string): Session {
  return {
    applicationName: `migrate-guard rehearsal ${runId}`.slice(0, 63),
    parameters: { ...patience, tcp_keepalives_idle: '60' },
  }
}

/** The same for the client tools, which take their settings from the address. */
export function withPatience(address: TargetAddress): TargetAddress {
  const settings = Object.entries(patience).map(([name, value]) => `-c ${name}=${value}`)
  const options = [address.parameters.options, ...settings].filter(Boolean).join(' ')
  return { ...address, parameters: { ...address.parameters, options } }
}
