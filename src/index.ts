export type { Backup, BackupManifest } from './domain/backup.js'
export type { Deployment } from './domain/deployment.js'
export { GuardError } from './domain/errors.js'
export { type ExitCode, exitCode } from './domain/exit-code.js'
export type { Finding, Findings, Verdict } from './domain/finding.js'
export type { OfflinePlan, Plan } from './domain/plan.js'
export type { Rehearsal } from './domain/rehearsal.js'
export type { RunRecord } from './domain/run-record.js'
export type { Prompter, Screen } from './domain/screen.js'
export type { Surroundings } from './domain/surroundings.js'
export { Secret, type TargetAddress, type TargetIdentity } from './domain/target.js'
export type { Verification } from './domain/verification.js'
export type { RunResult } from './in-run.js'
export { runCheck, runDeploy, runPlan, runRehearse, runVerify } from './pipeline.js'
export { type JsonReport, makeJsonReport } from './report/json.js'
export { formatMarkdownReport } from './report/markdown.js'
export { formatTextReport } from './report/text.js'
export { defineConfig, type GuardConfig } from './settings/config-file.js'
export {
  makeOfflineSettings,
  makeSettings,
  type OfflineSettings,
  type Settings,
  type SettingsInput,
} from './settings/settings.js'
export { deployOnStartup, type StartupOptions, type StartupResult } from './startup.js'
export { planOffline } from './steps/plan-offline.js'
