import pg from 'pg'
import { settings } from './settings.ts'

export interface Order {
  readonly article: string
  readonly quantity: number
}

export interface OrderStore {
  save(order: Order): Promise<number>
}

/** Orders in Postgres. */
export function postgresOrders(): OrderStore & { close(): Promise<void> } {
  const pool = new pg.Pool({ connectionString: settings.database, connectionTimeoutMillis: 500 })
  return {
    async save({ article, quantity }) {
      const { rows } = await pool.query('insert into orders (article, quantity) values ($1, $2) returning id', [
        article,
        quantity,
      ])
      return rows[0].id
    },
    close: () => pool.end(),
  }
}

/** Orders in memory, for tests and demos. */
export function memoryOrders(): OrderStore & { readonly saved: Order[] } {
  const saved: Order[] = []
  return { saved, save: async (order) => saved.push(order) }
}

export function total(order: Order, cents: number): number {
  if (!Number.isInteger(order.quantity) || order.quantity < 1)
    throw new RangeError('quantity must be a positive integer')
  return order.quantity * cents
}
