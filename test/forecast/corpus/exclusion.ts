export const rows = `
  CREATE TABLE bookings (id int PRIMARY KEY, room int4range, span int4range, lo int, hi int, gone bool NOT NULL DEFAULT false);
  INSERT INTO bookings VALUES (1, '[1,2)', '[1,5)', 1, 5), (2, '[1,2)', '[5,9)', 5, 9), (3, '[2,3)', '[1,9)', 1, 9), (4, NULL, '[1,9)', 1, 9), (5, '[1,2)', NULL, NULL, 0);`

export const inForce = `${rows} ALTER TABLE bookings ADD CONSTRAINT "oneAtATime" EXCLUDE USING gist (room WITH =, int4range(lo, hi) WITH &&) WHERE (NOT gone AND lo < hi);`

export const add = `ALTER TABLE bookings ADD EXCLUDE USING gist (room WITH =, span WITH &&) WHERE (NOT gone)`

export const cases: Record<string, { setup: string; migration: string; state?: string; doubts?: string[] }> =
  {
    'rows that are apart': { setup: rows, migration: add },
    'rows in conflict': {
      setup: rows,
      migration: `UPDATE bookings SET span = '[4,6)' WHERE id = 1; ${add}`,
      state: '23P01',
    },
    'a conflict that the predicate leaves out': {
      setup: rows,
      migration: `UPDATE bookings SET span = '[4,6)', gone = true WHERE id = 1; ${add}`,
    },
    'in force: a row put in where there is room': {
      setup: inForce,
      migration: `INSERT INTO bookings (id, room, lo, hi) VALUES (9, '[1,2)', 9, 12)`,
    },
    'in force: a row put in where there is none': {
      setup: inForce,
      migration: `INSERT INTO bookings (id, room, lo, hi) VALUES (9, '[1,2)', 8, 12)`,
      state: '23P01',
    },
    'in force: a row that its predicate brings in': {
      setup: `${inForce} INSERT INTO bookings (id, room, lo, hi, gone) VALUES (9, '[1,2)', 8, 12, true);`,
      migration: `UPDATE bookings SET gone = false`,
      state: '23P01',
    },
    'in force: rows that move, and one may be in the way of another': {
      setup: inForce,
      migration: `UPDATE bookings SET lo = lo - 3, hi = hi - 3`,
      doubts: ['it depends on the order of the rows of "bookings", since they are checked one by one'],
    },
    'in force: rows that move apart': {
      setup: inForce,
      migration: `UPDATE bookings SET lo = lo + 100 * id, hi = hi + 100 * id`,
    },
    'in force under a new name': {
      setup: inForce,
      migration: `ALTER TABLE bookings RENAME lo TO "from"; ALTER TABLE bookings RENAME TO stays; UPDATE stays SET "from" = 3 WHERE id = 2`,
      state: '23P01',
    },
  }
