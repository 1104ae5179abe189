// host/membership/compared.ts: a table as balancers compare it. Types of their own, so that the public ones need no WebAssembly.
import type { HashFields, HashName } from './event.js';

/** What is the same on every balancer with the same records and the same secret. */
export interface TableDigest {
  /**
   * SHA-256, in hex, over the addresses in canonical order, a line each; the number of slots, u32; and for each slot the place of
   * its backend, u16, little-endian; then, of a VIP with ways before the table, what server ids and source routes name.
   */
  digest: string;
  /** The same over parts of the table, alone and cut to 4 bytes, base64: where two tables differ is told from these. */
  parts: string;
}

/** A backend of a table, as balancers compare it. */
export interface TableBackend {
  /** In canonical form. */
  address: string;
  /** Weight that the table was filled with: that of its record, but for a panic; 0 when it is not in the table. */
  weight: number;
  /** Step of its slow start, 1..9: so many tenths of that weight count; undefined: all of it. */
  step: number | undefined;
  /** Slots that it has. */
  slots: number;
  /** As its record says, weight 0 being `draining`. */
  state: 'active' | 'draining' | 'down';
  /** As `BackendStatus.encap` in status(). */
  encap: string;
  /** True when it drained and nothing is left on it. */
  isDrained: boolean;
}

/** A table as balancers compare it. */
export interface VipTable extends TableDigest {
  /** Key of the VIP. */
  vip: string;
  /** Slots of the table, a prime. */
  slotCount: number;
  /** The profile it was filled by. */
  hash: HashName;
  /** What of a packet is hashed; not a part of the digest. */
  hashOn: HashFields;
  /** All that are registered, also those that are not in the table. */
  backends: TableBackend[];
}
