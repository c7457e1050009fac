/** SQLSTATEs by the names that blocks catch and raise them by: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const states: Readonly<Record<string, string>> = {
  cardinality_violation: '21000',
  division_by_zero: '22012',
  invalid_text_representation: '22P02',
  string_data_right_truncation: '22001',
  numeric_value_out_of_range: '22003',
  invalid_parameter_value: '22023',
  not_null_violation: '23502',
  foreign_key_violation: '23503',
  unique_violation: '23505',
  check_violation: '23514',
  exclusion_violation: '23P01',
  invalid_schema_name: '3F000',
  insufficient_privilege: '42501',
  syntax_error: '42601',
  duplicate_column: '42701',
  undefined_column: '42703',
  undefined_object: '42704',
  duplicate_alias: '42712',
  duplicate_object: '42710',
  datatype_mismatch: '42804',
  wrong_object_type: '42809',
  undefined_function: '42883',
  undefined_table: '42P01',
  duplicate_database: '42P04',
  duplicate_schema: '42P06',
  duplicate_table: '42P07',
  duplicate_function: '42723',
  invalid_table_definition: '42P16',
  object_not_in_prerequisite_state: '55000',
  feature_not_supported: '0A000',
  dependent_objects_still_exist: '2BP01',
  raise_exception: 'P0001',
  no_data_found: 'P0002',
  too_many_rows: 'P0003',
  assert_failure: 'P0004',
}

/** The SQLSTATE of a condition; a SQLSTATE stands for itself, and any other name for none. */
export function conditionState(name: string): string | undefined {
  return /^[0-9A-Z]{5}$/.test(name) ? name : states[name.toLowerCase()]
}
