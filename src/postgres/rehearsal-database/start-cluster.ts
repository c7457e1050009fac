import {
  ClusterError,
  startThrowAwayCluster,
  type ThrowAwayCluster,
  type ThrowAwayClusterOptions,
} from '../throw-away-cluster.js'

/**
 * Starts a throw-away cluster with the settings of the target, without those that this build or machine cannot have,
 * e.g. a compression that it was built without.
 * @returns the cluster, and in words what it does not have.
 * @throws ClusterError when it does not start for another reason.
 */
export async function startClusterLike(
  options: ThrowAwayClusterOptions,
): Promise<{ readonly cluster: ThrowAwayCluster; readonly differences: string[] }> {
  const settings = { ...options.settings }
  const differences: string[] = []
  for (;;) {
    try {
      return { cluster: await startThrowAwayCluster({ ...options, settings }), differences }
    } catch (error) {
      const refused = error instanceof ClusterError ? refusedSetting(error.message, settings) : undefined
      if (refused === undefined) throw error
      differences.push(`the setting ${refused} = ${settings[refused]} of the target cannot be had here`)
      delete settings[refused]
    }
  }
}

/** The server names the parameter whose value it does not take, or that it does not know. */
function refusedSetting(message: string, settings: Readonly<Record<string, string>>): string | undefined {
  const named = [...message.matchAll(/"([^"]+)"/g)].map(([, name]) => name?.toLowerCase())
  return Object.keys(settings).find((name) => named.includes(name.toLowerCase()))
}
