import { mutants as adoption } from './security/adoption.mjs'
import { mutants as children } from './security/children.mjs'
import { mutants as connections } from './security/connections.mjs'
import { mutants as leftBehind } from './security/left-behind.mjs'
import { mutants as plannedFiles } from './security/planned-files.mjs'
import { mutants as settings } from './security/settings.mjs'

/**
 * Guards that the tests behind the promises of docs/security.md must see. In a file of src, a text is replaced by another;
 * `tests` says which tests must fail, by their file and a pattern of their names.
 */
export const mutants = [...leftBehind, ...children, ...plannedFiles, ...settings, ...adoption, ...connections]
