/** The types of records that Node's resolver asks for. */
export const TYPES = ['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NAPTR', 'NS', 'PTR', 'SOA', 'SRV', 'TLSA', 'TXT'] as const
export type RecordType = (typeof TYPES)[number]
