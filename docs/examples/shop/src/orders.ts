import pg from 'pg'
import { settings } from './settings.ts'

export interface Order {
  readonly article: string
  readonly quantity: number
}

export interface OrderStore {
  save(order: Order): Promise<number>
}

/** Orders in Postgres: what is ordered is taken from stock, and not ordered where there is not enough of it. */
export function postgresOrders(): OrderStore & { close(): Promise<void> } {
  const pool = new pg.Pool({ connectionString: settings.database, connectionTimeoutMillis: 500 })
  return {
    async save({ article, quantity }) {
      const client = await pool.connect()
      try {
        await client.query('begin')
        const taken = await client.query(
          'update articles set in_stock = in_stock - $2 where name = $1 and in_stock >= $2',
          [article, quantity],
        )
        if (taken.rowCount === 0) throw new RangeError(`there are not ${quantity} of ${article}`)
        const { rows } = await client.query('insert into orders (article, quantity) values ($1, $2) returning id', [
          article,
          quantity,
        ])
        await client.query('commit')
        return rows[0].id
      } catch (error) {
        await client.query('rollback').catch(() => {})
        throw error
      } finally {
        client.release()
      }
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
