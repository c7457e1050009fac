export type { Flags } from '../load-settings.js'
