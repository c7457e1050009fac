/** Extensions whose functions reach other servers, files or programs. Foreign data wrappers are found by themselves. */
export const outwardExtensions = [
  'adminpack',
  'amqp',
  'aws_commons',
  'aws_lambda',
  'aws_s3',
  'azure_storage',
  'dblink',
  'http',
  'pg_background',
  'pg_curl',
  'pg_net',
  'pgsmtp',
  'plproxy',
]

/** Their work is done by a process that the server starts with a library; the copy's server does not load it. */
export const backgroundExtensions = [
  'pg_cron',
  'pg_net',
  'pg_partman',
  'pg_timetable',
  'pgagent',
  'pglogical',
]
