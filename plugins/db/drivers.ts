/** What is known of a database by the package that connects to it. */
export interface Driver {
  readonly product: string
  readonly port: number
  /** What people call it, where that is not the package that connects. */
  readonly name?: string
}

/** npm packages that speak a database's protocol over a socket of their own. */
export const DRIVERS: Readonly<Record<string, Driver>> = {
  pg: { product: 'postgres', port: 5432 },
  postgres: { product: 'postgres', port: 5432 },
  mysql: { product: 'mysql', port: 3306 },
  mysql2: { product: 'mysql', port: 3306 },
  mariadb: { product: 'mysql', port: 3306 },
  ioredis: { product: 'redis', port: 6379 },
  redis: { product: 'redis', port: 6379 },
  '@redis/client': { product: 'redis', port: 6379, name: 'redis' },
  mongodb: { product: 'mongodb', port: 27_017 },
  tedious: { product: 'mssql', port: 1433 },
  'cassandra-driver': { product: 'cassandra', port: 9042 },
  'neo4j-driver-bolt-connection': { product: 'neo4j', port: 7687, name: 'neo4j-driver' },
  oracledb: { product: 'oracle', port: 1521 },
  memjs: { product: 'memcached', port: 11_211 },
  memcached: { product: 'memcached', port: 11_211 },
}

const PRODUCT_PORTS: Readonly<Record<string, number>> = Object.fromEntries(
  Object.values(DRIVERS).map(({ product, port }) => [product, port]),
)

/** Products by the scheme of their URLs, with the usual port. */
export const PRODUCTS: Readonly<Record<string, number>> = { ...PRODUCT_PORTS, postgresql: 5432, rediss: 6379 }
