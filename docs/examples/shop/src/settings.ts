/** Where the services are that the shop talks to. */
export const settings = {
  payments: process.env.PAYMENTS_URL ?? 'https://payments.example.com',
  ledger: process.env.LEDGER_URL ?? 'https://ledger.example.com',
  rates: process.env.RATES_URL ?? 'https://rates.example.com',
  feed: process.env.FEED_URL ?? 'wss://prices.example.com/feed',
  database: process.env.DATABASE_URL ?? 'postgres://shop:hunter2@db.example.com:5432/shop',
  telemetry: process.env.TELEMETRY_URL ?? 'https://telemetry.example.com',
  metrics: process.env.METRICS_URL ?? 'udp://metrics.example.com:8125',
  invoices: process.env.INVOICES ?? 'invoices',
  stock: process.env.STOCK_FILE ?? 'stock.db',
  nameserver: process.env.NAMESERVER,
}
