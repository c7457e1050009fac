// Lets the fault tests reach into the programs: loads the module that MIGRATE_GUARD_EFFECT_OBSERVER names, whose default
// export is an EffectObserver. Only `node scripts/build.mjs --test-hook` puts it into the programs; the package has none
// of it, so that a variable in the environment can make nobody's guard run a module.
import { observeEffects } from '../dist/effects/effect.js'

const path = process.env.MIGRATE_GUARD_EFFECT_OBSERVER
if (path) observeEffects((await import(path)).default)
