import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { settings } from './settings.ts'

/** Writes an invoice to disk, and a line for the bookkeepers; gives its file. */
export function writeInvoice(number: number, cents: number, folder = settings.invoices): string {
  const file = join(folder, `${number}.txt`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, `Invoice ${number}: ${(cents / 100).toFixed(2)} EUR\n`)
  appendFileSync(join(folder, 'invoices.csv'), `${number};${cents}\n`)
  return file
}
