/** What SQLite calls its errors, where a driver tells only the number. */
const PRIMARY =
  'ERROR INTERNAL PERM ABORT BUSY LOCKED NOMEM READONLY INTERRUPT IOERR CORRUPT NOTFOUND FULL CANTOPEN PROTOCOL EMPTY SCHEMA TOOBIG CONSTRAINT MISMATCH MISUSE NOLFS AUTH FORMAT RANGE NOTADB'.split(
    ' ',
  )
const CONSTRAINTS =
  'CHECK COMMITHOOK FOREIGNKEY FUNCTION NOTNULL PRIMARYKEY TRIGGER UNIQUE VTAB ROWID PINNED DATATYPE'.split(' ')

/** The name of a result code: `SQLITE_CONSTRAINT_UNIQUE`. */
export function codeName(number: number): string {
  const primary = PRIMARY[(number & 0xff) - 1]
  if (primary === undefined) return `SQLITE_${number}`
  const detail = primary === 'CONSTRAINT' ? CONSTRAINTS[(number >> 8) - 1] : undefined
  return detail === undefined ? `SQLITE_${primary}` : `SQLITE_${primary}_${detail}`
}

/** The number of a name, or of what the name begins with. */
export function codeNumber(name: string): number {
  const [, primary = '', detail = ''] = /^SQLITE_([A-Z]+)(?:_([A-Z]+))?$/.exec(name) ?? []
  return (PRIMARY.indexOf(primary) + 1) | (primary === 'CONSTRAINT' ? (CONSTRAINTS.indexOf(detail) + 1) << 8 : 0)
}

/** The fact `error` of a statement. */
export function errorFact(error: unknown): { readonly code: string; readonly message: string } {
  const { code, errcode, message } = (error ?? {}) as { code?: unknown; errcode?: unknown; message?: unknown }
  return {
    code: typeof errcode === 'number' ? codeName(errcode) : String(code ?? 'SQLITE_ERROR'),
    message: String(message ?? error),
  }
}
