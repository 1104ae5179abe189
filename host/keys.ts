// host/keys.ts: the keys of the hot path, derived from the fleet's secret by HKDF-SHA256 (RFC 5869), one label a key.
import { hkdfSync, randomBytes } from 'node:crypto';
import {
  CONTROL_FINAL_KEY,
  CONTROL_IDENTITY_KEY,
  CONTROL_NH_KEY,
  NH_KEY_WORDS,
  REGION_CONTROL,
} from '../assembly/layout.js';
import type { HotMemory } from './memory.js';

const SECRET_BYTES = 32;

/** Writes the keys into the CONTROL region. Without a secret a random one is made: good for a balancer that stands alone. */
export function writeKeys(memory: HotMemory, secret: Uint8Array | string = randomBytes(SECRET_BYTES)): void {
  const { base } = memory.region(REGION_CONTROL);
  const keys: [label: string, offset: number, bytes: number][] = [
    ['maglev-dsr native packet hash', CONTROL_NH_KEY, NH_KEY_WORDS * 4],
    ['maglev-dsr native finalizer', CONTROL_FINAL_KEY, 8],
    ['maglev-dsr native identity', CONTROL_IDENTITY_KEY, 16],
  ];
  for (const [label, offset, bytes] of keys) {
    memory.bytes.set(new Uint8Array(hkdfSync('sha256', secret, '', label, bytes)), base + offset);
  }
}
