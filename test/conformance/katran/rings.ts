// test/conformance/katran/rings.ts: address hashes, permutations, rings and packet hashes, by the pieces of the hot path that have them.
import { createHash } from 'node:crypto';
import { addressBytes, isMapped } from '../../../host/membership/address.js';
import { countSlots, createTables } from '../../support/tables.js';
import type { FamilyOutcome } from '../outcome.js';
import { RINGS, type Rings, type VectorFolder } from './format.js';

const SLOTS = 65_537;

type Check = (name: string, got: unknown, expected: unknown) => void;

export function runRings(folder: VectorFolder): FamilyOutcome {
  const outcome: FamilyOutcome = { family: RINGS, passed: 0, failures: [] };
  const check: Check = (name, got, expected) => {
    const [is, wanted] = [JSON.stringify(got), JSON.stringify(expected)];
    if (is === wanted) outcome.passed++;
    else outcome.failures.push({ name: `${RINGS}/${name}`, why: `${is}, expected ${wanted}` });
  };
  const rings = folder.rings();
  const slots = Math.max(SLOTS, ...(rings.rings ?? []).map(({ ring_size }) => ring_size));
  const tables = createTables(1 + Math.ceil((2 * slots) / 2 ** 20));
  const { pieces } = tables;
  const murmur = (a: bigint, b: number, seed: number): bigint => pieces.callLong('murmur3Pair', a, BigInt(b), seed);
  for (const { address, hash_hex, offset, skip } of rings.address_hashes ?? []) {
    const hash = pieces.callLong('follyHashAddress', pieces.lay(addressBytes(address.replace('::ffff:', ''))));
    const places = {
      ...(offset !== undefined && { offset: Number(murmur(hash, 42, 0) % BigInt(SLOTS)) }),
      ...(skip !== undefined && { skip: Number(murmur(hash, 2_718_281_828, 2307) % BigInt(SLOTS - 1)) + 1 }),
    };
    const expected = { hash: hash_hex, ...(offset !== undefined && { offset }), ...(skip !== undefined && { skip }) };
    check(`address_hashes ${address}`, { hash: hex(hash, 16), ...places }, expected);
  }
  for (const ring of rings.rings ?? []) checkRing(check, ring, tables);
  for (const { src, src_port, dst_port, hash_hex, ring_slot } of rings.packet_hashes ?? []) {
    const bytes = addressBytes(src);
    const isV6 = !isMapped(bytes);
    const ports = swap(src_port) | (swap(dst_port) << 16);
    const hash = pieces.call(
      'katranFlowHash',
      isV6 ? 1 : 0,
      pieces.lay(isV6 ? bytes : bytes.subarray(12)),
      ports,
      SLOTS,
    );
    check(`packet_hashes ${src}:${src_port}`, [hex(BigInt(hash), 8), hash % SLOTS], [hash_hex, ring_slot]);
  }
  for (const { a_hex, b, seed, out_hex } of rings.murmur3_x64_first64 ?? []) {
    check(`murmur3_x64_first64 ${a_hex}`, hex(murmur(BigInt(`0x${a_hex}`), b, seed), 16), out_hex);
  }
  return outcome;
}

function checkRing(check: Check, ring: Rings['rings'][number], tables: ReturnType<typeof createTables>): void {
  const { version, ring_size, slots_per_index, first_slots, sha256_of_u32le_slots } = ring;
  const endpoints = ring.endpoints.filter(({ weight }) => weight > 0);
  const table = tables.build({ hash: `katran-v${version}` }, endpoints, ring_size);
  const slots = Uint32Array.from(table, (place) => endpoints[place]?.index ?? 0);
  const counts = countSlots(table, endpoints.length);
  const perIndex = Object.fromEntries(endpoints.map(({ index }, i) => [index, counts[i]]));
  const name = `rings V${version}, ${ring_size} slots, ${ring.endpoints.length} endpoints`;
  const sha256 = createHash('sha256').update(Buffer.from(slots.buffer)).digest('hex');
  const expected = [slots_per_index, first_slots, sha256_of_u32le_slots];
  check(name, [perIndex, [...slots.subarray(0, first_slots.length)], sha256], expected);
}

function hex(value: bigint, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** The bytes of a port as they lie in memory. */
function swap(port: number): number {
  return ((port & 0xff) << 8) | (port >> 8);
}
