// test/support/tables.ts: tables of any profile from addresses and weights, as the publisher builds them, and, for published
// answers about backends that differ in their ports, from identities as they are.
import {
  BACKEND_ADDRESS,
  BACKEND_BYTES,
  BUILD_BYTES,
  BUILD_INDEX,
  BUILD_WEIGHT,
  REGION_BACKENDS,
  REGION_BUILD,
  REGION_TABLES,
} from '../../assembly/layout.js';
import { addressBytes } from '../../host/membership/address.js';
import { buildTable } from '../../host/membership/build.js';
import type { Vip } from '../../host/membership/event.js';
import { profileOf } from '../../host/membership/profile.js';
import { createPieces, type Pieces } from './module.js';

/** A module with room for large tables. */
export function createTables(tablesMiB = 2): Tables {
  return new Tables(createPieces({ backendsMax: 1024, tablesMiB }));
}

class Tables {
  constructor(readonly pieces: Pieces) {}

  /** For each slot the place of its backend in the list, -1 for nobody. `order` changes in what order indexes are given. */
  build(vip: Partial<Vip>, backends: readonly { address: string; weight: number }[], slotCount: number): number[] {
    const { memory, module } = this.pieces;
    const { base } = memory.region(REGION_BACKENDS);
    const entries = backends.map(({ address, weight }, i) => {
      memory.bytes.set(addressBytes(address), base + (i + 1) * BACKEND_BYTES + BACKEND_ADDRESS);
      return { address, weight, index: i + 1 };
    });
    const profile = profileOf({ address: '192.0.2.80', protocol: 'tcp', port: 80, ...vip });
    buildTable(module, memory, entries, slotCount, this.base, profile);
    return this.read(slotCount);
  }

  /** The same for identities given as text, which must stand in line already. */
  buildNamed(
    system: 'cilium' | 'envoy',
    backends: readonly { text: string; weight: number }[],
    slotCount: number,
  ): number[] {
    const { memory, module } = this.pieces;
    const { base } = memory.region(REGION_BUILD);
    backends.forEach(({ text, weight }, i) => {
      memory.view.setUint32(base + i * BUILD_BYTES + BUILD_INDEX, i + 1, true);
      memory.view.setUint32(base + i * BUILD_BYTES + BUILD_WEIGHT, weight, true);
      const place = system === 'cilium' ? module.placeCilium : module.placeEnvoy;
      place(i, this.pieces.lay(Buffer.from(text)), text.length, slotCount);
    });
    const fill = system === 'cilium' ? module.fillCilium : module.fillEnvoy;
    fill(this.base, slotCount, backends.length);
    return this.read(slotCount);
  }

  private get base(): number {
    return this.pieces.memory.region(REGION_TABLES).base;
  }

  private read(slotCount: number): number[] {
    return Array.from(new Uint16Array(this.pieces.memory.memory.buffer, this.base, slotCount), (index) => index - 1);
  }
}

/** How many slots each of `backends` has. */
export function countSlots(table: readonly number[], backends: number): number[] {
  const counts = new Array<number>(backends).fill(0);
  for (const place of table) if (place >= 0) counts[place] = (counts[place] ?? 0) + 1;
  return counts;
}
