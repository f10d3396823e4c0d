import mysql from 'mysql2/promise'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { ownAnswer } from '../../plugins/db/mysql/own.ts'
import { foldStatement } from '../../plugins/db/statements.ts'

const self = () => ({ id: 1, database: undefined, user: 'me', isInTransaction: false })
const isOwn = (sql: string) => ownAnswer(foldStatement(sql, 'mysql'), self()) !== undefined

describe('what steers the session needs no script', () => {
  test.each([
    'set names utf8mb4',
    "set @a = '(x)', autocommit = 0",
    'set session transaction isolation level serializable',
    "set sql_mode = concat(@@sql_mode, ',STRICT_ALL_TABLES')",
    'begin',
    'BEGIN WORK',
    'start transaction with consistent snapshot',
    'use other',
    '/* why */ select 1',
  ])('%s', (sql) => expect(isOwn(sql)).toBe(true))
})

describe('what a server would carry out needs one', () => {
  test.each([
    '/*!40000 delete from users */',
    '/*M! delete from users */',
    'select 1 /*!, name from users */',
    'set @a = (select count(*) from users)',
    'set @a = sleep_and_write()',
    "set password = 'x'",
    'set global x = 1',
    'set @@global.x = 1',
    'set @a = 1, global x = 2',
    'set statement max_statement_time = 1 for delete from users',
    'begin not atomic delete from users',
  ])('%s', (sql) => expect(isOwn(sql)).toBe(false))
})

test('a comment that the server carries out is answered by a script of that text, and by nothing else', async () => {
  const db = tripwire.db.mysql('mysql://localhost:3306/app')
  db.on('/*!40000 delete from users */', { affectedRows: 2 })
  await tripwire.sandbox(async () => {
    const client = await mysql.createConnection('mysql://localhost:3306/app')
    expect(await client.query('/*!40000 delete from users */')).toMatchObject([{ affectedRows: 2 }, undefined])
    await client.end()
  })
  tripwire.db.assert('/*!40000 delete from users */')
})
