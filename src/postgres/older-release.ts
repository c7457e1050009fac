/** What is known of tools that are older than a release, by the first minor of each major that is not. */
const knownFaults = [
  {
    minors: new Map([
      [14, 25],
      [15, 20],
      [16, 16],
      [17, 12],
      [18, 7],
    ]),
    reason: 'older ones write a dump of such a server that does not restore',
  },
]

/**
 * Why a client tool should be as new as the server, in one sentence; undefined where it is. Releases of all majors come
 * out together, so minors are compared within a major, and between majors by the faults that are known:
 * https://www.postgresql.org/support/versioning/
 * @param tool e.g. `15.18`
 * @param server as the server says it, e.g. `15.20 (Debian 15.20-0+deb12u1)`
 */
export function olderReleaseReason(tool: string, server: string): string | undefined {
  const [own, other] = [minorOf(tool), minorOf(server)]
  if (!own || !other) return undefined
  const isBefore = ({ major, minor }: Release, minors: ReadonlyMap<number, number>) =>
    minor < (minors.get(major) ?? 0)
  const fault = knownFaults.find(({ minors }) => isBefore(own, minors) && !isBefore(other, minors))
  if (fault)
    return `${tool} is older than the server's release ${other.major}.${other.minor}: ${fault.reason}`
  if (own.major !== other.major || own.minor >= other.minor) return undefined
  return `${tool} is older than the server's release ${other.major}.${other.minor}, whose corrections it does not have`
}

interface Release {
  readonly major: number
  readonly minor: number
}

function minorOf(version: string): Release | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? []
  return major === undefined ? undefined : { major: Number(major), minor: Number(minor) }
}
