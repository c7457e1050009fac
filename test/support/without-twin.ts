const withTwin: ReadonlySet<string> = new Set(['deploy', 'check', 'rehearse', 'plan'])

/** A schema twin takes a second: only scenes that are about it, or that go the whole line as a user does, have one. */
export function withoutTwin(args: readonly string[]): readonly string[] {
  const [command = '', ...rest] = args
  if (!withTwin.has(command) || args.some((one) => one.startsWith('--twin'))) return args
  return [command, '--twin', 'off', ...rest]
}
