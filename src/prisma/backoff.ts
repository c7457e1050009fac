/**
 * How long to wait after the first, second, … failed attempt: 0.5, 1, 2, 4 s and so on, ± half, so that two that collided
 * do not collide again.
 */
export function backoffMs(attempt: number): number {
  return Math.round(500 * 2 ** (attempt - 1) * (0.5 + Math.random()))
}
