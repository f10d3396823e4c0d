/** Errors of the server: programs go by their names, the wire has their numbers (MySQL Reference, "Server Error Message Reference"). */

export class Failure extends Error {
  readonly code: string
  readonly errno: number
  readonly sqlState: string
  constructor(code: string, message: string, errno?: number, sqlState?: string) {
    super(message)
    const [known = UNKNOWN, state = GENERAL] = NUMBERS[code] ?? []
    this.code = code
    this.errno = errno ?? known
    this.sqlState = sqlState ?? state
  }
}

const UNKNOWN = 1105
const GENERAL = 'HY000'

/** Those that code asks for by name. */
export const NUMBERS: Readonly<Record<string, readonly [errno: number, sqlState: string] | undefined>> = {
  ER_CON_COUNT_ERROR: [1040, '08004'],
  ER_ACCESS_DENIED_ERROR: [1045, '28000'],
  ER_NO_DB_ERROR: [1046, '3D000'],
  ER_UNKNOWN_COM_ERROR: [1047, '08S01'],
  ER_BAD_NULL_ERROR: [1048, '23000'],
  ER_BAD_DB_ERROR: [1049, '42000'],
  ER_TABLE_EXISTS_ERROR: [1050, '42S01'],
  ER_BAD_FIELD_ERROR: [1054, '42S22'],
  ER_DUP_ENTRY: [1062, '23000'],
  ER_PARSE_ERROR: [1064, '42000'],
  ER_UNKNOWN_ERROR: [UNKNOWN, GENERAL],
  ER_WRONG_VALUE_COUNT_ON_ROW: [1136, '21S01'],
  ER_NO_SUCH_TABLE: [1146, '42S02'],
  ER_LOCK_WAIT_TIMEOUT: [1205, GENERAL],
  ER_LOCK_DEADLOCK: [1213, '40001'],
  ER_UNKNOWN_STMT_HANDLER: [1243, GENERAL],
  ER_DATA_OUT_OF_RANGE: [1690, '22003'],
  ER_TRUNCATED_WRONG_VALUE: [1292, '22007'],
  ER_OPTION_PREVENTS_STATEMENT: [1290, GENERAL],
  ER_QUERY_INTERRUPTED: [1317, '70100'],
  ER_NO_DEFAULT_FOR_FIELD: [1364, GENERAL],
  ER_DATA_TOO_LONG: [1406, '22001'],
  ER_ROW_IS_REFERENCED_2: [1451, '23000'],
  ER_NO_REFERENCED_ROW_2: [1452, '23000'],
  ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION: [1792, '25006'],
  ER_MALFORMED_PACKET: [1835, GENERAL],
  ER_QUERY_TIMEOUT: [3024, GENERAL],
  ER_CHECK_CONSTRAINT_VIOLATED: [3819, GENERAL],
}
