/**
 * What a value that was read from a file must look like. Gives the first place where it is otherwise, in words, such as
 * `plan.pending[0].name is not a text`; undefined where all is as it must be.
 * @param at where the value stands, empty for the whole
 */
export type Shape = (value: unknown, at: string) => string | undefined

/** More digits than these are not kept by a JavaScript number. */
const maxNumber = Number.MAX_SAFE_INTEGER

export const text: Shape = (value, at) => (typeof value === 'string' ? undefined : isNot(at, 'a text'))

export const flag: Shape = (value, at) =>
  typeof value === 'boolean' ? undefined : isNot(at, 'true or false')

/** A number that is not endless; of what is counted or measured none is below 0. */
export const quantity: Shape = (value, at) =>
  typeof value === 'number' && value >= 0 && value <= maxNumber ? undefined : isNot(at, 'a quantity')

/** 1-based place in a list or a file, or a number of things. */
export const whole: Shape = (value, at) =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? undefined : isNot(at, 'a whole number')

/** A text that matches. @param what in words, such as `a time` */
export function textLike(pattern: RegExp, what: string): Shape {
  return (value, at) => (typeof value === 'string' && pattern.test(value) ? undefined : isNot(at, what))
}

/** A moment as the guard writes it: ISO 8601 in UTC. */
export const moment: Shape = (value, at) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) && !Number.isNaN(Date.parse(value))
    ? undefined
    : isNot(at, 'a time')

export function oneOf(...values: readonly unknown[]): Shape {
  return (value, at) => (values.includes(value) ? undefined : isNot(at, `one of ${values.join(', ')}`))
}

export function listOf(shape: Shape): Shape {
  return (value, at) => {
    if (!Array.isArray(value)) return isNot(at, 'a list')
    for (const [index, one] of value.entries()) {
      const problem = shape(one, `${at}[${index}]`)
      if (problem !== undefined) return problem
    }
    return undefined
  }
}

/** An object with values of one shape under names that are not known beforehand. */
export function namesTo(shape: Shape): Shape {
  return (value, at) => {
    if (!isObject(value)) return isNot(at, 'an object')
    for (const one of Object.values(value)) {
      // The name is the file's own text, of any length.
      const problem = shape(one, `${at}[…]`)
      if (problem !== undefined) return problem
    }
    return undefined
  }
}

/** An object with these members; others are not looked at. A member of `optional` may be absent. */
export function object(required: Readonly<Record<string, Shape>>, optional: typeof required = {}): Shape {
  return (value, at) => {
    if (!isObject(value)) return isNot(at, 'an object')
    for (const [name, shape] of [...Object.entries(required), ...Object.entries(optional)]) {
      const member = Object.hasOwn(value, name) ? value[name] : undefined
      if (member === undefined && name in optional) continue
      const problem = shape(member, at === '' ? name : `${at}.${name}`)
      if (problem !== undefined) return problem
    }
    return undefined
  }
}

/** Objects that say by one member which of several they are. @param others for what is not among them; absent: refused */
export function variants(member: string, shapes: Readonly<Record<string, Shape>>, others?: Shape): Shape {
  return (value, at) => {
    if (!isObject(value)) return isNot(at, 'an object')
    const kind = value[member]
    const shape = typeof kind === 'string' && Object.hasOwn(shapes, kind) ? shapes[kind] : others
    return shape ? shape(value, at) : isNot(at === '' ? member : `${at}.${member}`, 'one that is known')
  }
}

export function nullOr(shape: Shape): Shape {
  return (value, at) => (value === null ? undefined : shape(value, at))
}

export function both(...shapes: readonly Shape[]): Shape {
  return (value, at) => {
    for (const shape of shapes) {
      const problem = shape(value, at)
      if (problem !== undefined) return problem
    }
    return undefined
  }
}

/** Anything that is not nested deeper than whatever walks through it can follow. */
export function nestedTo(depth: number): Shape {
  const fits = (value: unknown, left: number): boolean =>
    value === null ||
    typeof value !== 'object' ||
    (left > 0 && Object.values(value).every((inner) => fits(inner, left - 1)))
  return (value, at) => (fits(value, depth) ? undefined : `${place(at)} is nested too deep`)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNot(at: string, what: string): string {
  return `${place(at)} is not ${what}`
}

function place(at: string): string {
  return at === '' ? 'the whole' : at
}
