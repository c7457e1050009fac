import { test } from '@jest/globals'

/** `npm run test:long`: everything is tried, and not a sample of it. */
export const isLong = process.env.MIGRATE_GUARD_TEST_LONG === '1'

/** For a scene that takes long and that a shorter one beside it stands for in `npm test`. */
export const longTest = (isLong ? test : test.skip) as typeof test
