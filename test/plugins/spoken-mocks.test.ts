import { lookup, resolve6, resolveMx } from 'node:dns/promises'
import { connect, isIP } from 'node:net'
import { text } from 'node:stream/consumers'
import { Redis } from 'ioredis'
import nodemailer from 'nodemailer'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

const { sockets } = tripwire

/** An SMTP server that has greeted, and takes one mail. */
const takeMail = (greeted: ReturnType<typeof sockets.script>) =>
  greeted
    .expect('MAIL FROM:<shop@example.com>\r\n')
    .send('250 ok\r\n')
    .expect('RCPT TO:<ann@example.com>\r\n')
    .send('250 ok\r\n')
    .expect('DATA\r\n')
    .send('354 go on\r\n')
    .expect(/.*Subject: Your order\r\n.*\r\n\.\r\n/s)
    .send('250 queued\r\n')

const smtp = takeMail(
  sockets
    .script()
    .send('220 mail.example.com ESMTP\r\n')
    .expect(/EHLO \S+\r\n/)
    .send('250-mail.example.com\r\n250 8BITMIME\r\n'),
)

const sendMail = (subject: string) =>
  nodemailer
    .createTransport({ host: 'mail.example.com', port: 25, secure: false, ignoreTLS: true })
    .sendMail({ from: 'shop@example.com', to: 'ann@example.com', subject, text: 'Thank you.' })

test('nodemailer sends a mail along an SMTP script', async () => {
  sockets.mock('tcp://mail.example.com:25', smtp)
  const { response } = await tripwire.sandbox(() => sendMail('Your order'))
  expect(response).toBe('250 queued')
  sockets.assert('tcp://mail.example.com:25')
})

test('nodemailer changes to TLS in the middle of an SMTP script', async () => {
  const greeting = sockets
    .script()
    .send('220 mail.example.com ESMTP\r\n')
    .expect(/EHLO \S+\r\n/)
    .send('250-mail.example.com\r\n250 STARTTLS\r\n')
    .expect('STARTTLS\r\n')
    .send('220 go on\r\n')
    .startTls()
    .expect(/EHLO \S+\r\n/)
    .send('250 mail.example.com\r\n')
  sockets.mock('tcp://mail.example.com:587', takeMail(greeting))
  const { response } = await tripwire.sandbox(() =>
    nodemailer
      .createTransport({ host: 'mail.example.com', port: 587, secure: false, requireTLS: true })
      .sendMail({ from: 'shop@example.com', to: 'ann@example.com', subject: 'Your order', text: 'Thank you.' }),
  )
  expect(response).toBe('250 queued')
  sockets.assert('tcp://mail.example.com:587')
})

test('a mail that is another one fails where it is another one', async () => {
  sockets.mock('tcp://mail.example.com:25', smtp)
  const trips = await tripwire.expectTrip(() => tripwire.sandbox(() => sendMail('Invoice')))
  expect(trips).toMatchObject([{ code: 'TRIPWIRE_SCRIPT' }])
  expect(trips[0]?.message).toContain('left its script at step 10 of 11.')
  sockets.assert('tcp://mail.example.com:25')
})

/** A command as Redis clients write it. */
const resp = (...words: string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`

test('ioredis reads and writes along a RESP script', async () => {
  sockets.mock(
    'tcp://cache.example.com:6379',
    sockets
      .script()
      .expect(resp('set', 'greeting', 'hello'))
      .send('+OK\r\n')
      .expect(resp('get', 'greeting'))
      .send('$5\r\nhello\r\n')
      .expect(resp('quit'))
      .send('+OK\r\n')
      .close(),
  )
  const greeting = await tripwire.sandbox(async () => {
    const redis = new Redis({
      host: 'cache.example.com',
      enableReadyCheck: false,
      disableClientInfo: true,
      protocol: 2,
    })
    await redis.set('greeting', 'hello')
    const value = await redis.get('greeting')
    await redis.quit()
    return value
  })
  expect(greeting).toBe('hello')
  sockets.assert('tcp://cache.example.com:6379')
})

test('a client that looks the name up by itself gets an address that leads to the mock', async () => {
  sockets.mock('tcp://cache.example.com:6379', (peer) => void peer.end('found'))
  const found = await tripwire.sandbox(async () => {
    const [{ address }, [six = '']] = await Promise.all([lookup('cache.example.com'), resolve6('cache.example.com')])
    expect(isIP(six)).toBe(6)
    return text(connect(6379, address))
  })
  expect(found).toBe('found')
  sockets.assert('tcp://cache.example.com:6379')
})

test('a name that no mock connects to is asked for by nobody, and neither are its other records', async () => {
  sockets.mock('tcp://cache.example.com:6379').optional()
  for (const question of [() => lookup('other.example.com'), () => resolveMx('cache.example.com')]) {
    await tripwire.expectTrip('dns', () => tripwire.sandbox<Promise<unknown>>(question))
  }
})
