/** The connection on which a script runs. */
export interface ScriptClient {
  query(sql: string): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>
}
