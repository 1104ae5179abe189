// host/egress.ts: the ways out, as the hot path sees them: interfaces and next hops. Everything here may change while
// packets flow; a next hop changes by one atomic store.
import {
  EGRESS_ANNOUNCE,
  EGRESS_BYTES,
  EGRESS_FLAGS,
  EGRESS_MAC,
  EGRESS_SOURCE4,
  EGRESS_SOURCE6,
  EGRESS_UP,
  NEXT_HOP_BYTES,
  NEXT_HOP_MTU,
  NEXT_HOP_WAY,
  REGION_EGRESSES,
  REGION_NEXT_HOPS,
} from '../assembly/layout.js';
import { macBytes } from './mac.js';
import { addressBytes, isMapped } from './membership/address.js';
import { Indexes } from './membership/indexes.js';
import type { HotMemory } from './memory.js';

/** What is known of an interface that frames leave by. */
interface Egress {
  /** Our MAC address there. */
  mac: string;
  isUp: boolean;
  /** Answer ARP and neighbour solicitations for VIPs here. */
  announce: boolean;
}

/** How to reach a backend: the first hop on the way. */
interface Way {
  mac: string;
  /** Egress index. */
  egress: number;
  /** Largest IP packet, 0 = no limit. */
  mtu: number;
}

/** Writes what is known of egress `index`. */
export function setEgress(memory: HotMemory, index: number, egress: Egress): void {
  const at = memory.region(REGION_EGRESSES).base + index * EGRESS_BYTES;
  memory.bytes.set(macBytes(egress.mac), at + EGRESS_MAC);
  const flags = (egress.isUp ? EGRESS_UP : 0) | (egress.announce ? EGRESS_ANNOUNCE : 0);
  Atomics.store(memory.words, (at + EGRESS_FLAGS) / 4, flags);
}

/** Writes our own address, the source of outer headers, on egress `index`: errors about what we sent are known by it. */
export function setEgressSource(memory: HotMemory, index: number, address: string): void {
  const at = memory.region(REGION_EGRESSES).base + index * EGRESS_BYTES;
  const bytes = addressBytes(address);
  if (isMapped(bytes)) memory.bytes.set(bytes.subarray(12), at + EGRESS_SOURCE4);
  else memory.bytes.set(bytes, at + EGRESS_SOURCE6);
}

/** Next-hop records by the address of the backend they lead to. */
export class NextHops {
  private readonly indexes: Indexes;
  private lastWay: { mac: string; egress: number; bits: bigint } | undefined; // behind one router all are the same

  constructor(private readonly memory: HotMemory) {
    // A next hop may be written over at any time, so its index need not rest; but what it said must go first.
    this.indexes = new Indexes(memory.nextHopRecords - 1, 'next hops', 'backendsMax', 0, (index) =>
      this.write(index, 0n, 0),
    );
  }

  /** Index of the record for `address`; an unresolved one if it is new. Throws ERR_LIMIT. */
  indexOf(address: string, tick: number): number {
    return this.indexes.take(address, tick);
  }

  /** The same for something that may not be: `undo` gives back what was taken for it. */
  borrow(address: string, tick: number): { index: number; undo: () => void } {
    return this.indexes.borrow(address, tick);
  }

  release(address: string, tick: number): void {
    this.indexes.release(address, tick);
  }

  /** Sets or clears the way to `address`; nothing happens when nobody asked for it. */
  set(address: string, way: Way | undefined): void {
    const index = this.indexes.get(address);
    if (index === undefined) return;
    if (way === undefined) this.write(index, 0n, 0);
    else this.write(index, this.bitsOf(way), way.mtu);
  }

  private bitsOf({ mac, egress }: Way): bigint {
    if (this.lastWay?.mac !== mac || this.lastWay.egress !== egress) {
      this.lastWay = { mac, egress, bits: wayBits({ mac, egress }) };
    }
    return this.lastWay.bits;
  }

  private write(index: number, way: bigint, mtu: number): void {
    const at = this.memory.region(REGION_NEXT_HOPS).base + index * NEXT_HOP_BYTES;
    Atomics.store(this.memory.words, (at + NEXT_HOP_MTU) / 4, mtu);
    Atomics.store(this.memory.longs, (at + NEXT_HOP_WAY) / 8, way);
  }
}

/** MAC in bytes 0 to 5, egress in bytes 6 and 7. */
function wayBits(way: Pick<Way, 'mac' | 'egress'>): bigint {
  const bytes = new Uint8Array(8);
  bytes.set(macBytes(way.mac));
  const view = new DataView(bytes.buffer);
  view.setUint16(6, way.egress, true);
  return view.getBigInt64(0, true);
}
