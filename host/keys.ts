// host/keys.ts: the keys of the hot path, derived from the fleet's secret by HKDF-SHA256 (RFC 5869), one label a key.
import { hkdfSync } from 'node:crypto';
import {
  CONTROL_FINAL_KEY,
  CONTROL_IDENTITY_KEY,
  CONTROL_NH_KEY,
  NH_KEY_WORDS,
  REGION_CONTROL,
} from '../assembly/layout.js';
import type { HotMemory } from './memory.js';

const CHECK_BYTES = 8;

/** Writes the keys into the CONTROL region. */
export function writeKeys(memory: HotMemory, secret: Uint8Array | string): void {
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

/**
 * A name of the secret that tells nothing else about it: two balancers compare these to know whether theirs is the same. As any
 * function of a secret, it lets who has it try guesses: a secret is to be random.
 */
export function secretCheck(secret: Uint8Array | string): string {
  return Buffer.from(hkdfSync('sha256', secret, '', 'maglev-dsr secret check', CHECK_BYTES)).toString('hex');
}
