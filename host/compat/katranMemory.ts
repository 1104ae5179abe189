// host/compat/katranMemory.ts: where the options of compat 'katran' lie in the memory of a hot path (assembly/layout.ts, KATRAN).
import {
  COMPAT_KATRAN,
  COMPAT_NONE,
  CONTROL_COMPAT,
  KATRAN_DESTINATION_ADDRESS,
  KATRAN_DESTINATION_BYTES,
  KATRAN_DESTINATION_COUNT,
  KATRAN_DESTINATION_EGRESS,
  KATRAN_DESTINATIONS_MAX,
  KATRAN_FLAGS,
  KATRAN_FRAME_BYTES_MAX,
  KATRAN_GUE_PORT,
  KATRAN_OWN4,
  KATRAN_OWN6,
  KATRAN_SETTINGS_BYTES,
  KATRAN_WORKER_BYTES,
  REGION_CONTROL,
  REGION_KATRAN,
} from '../../assembly/layout.js';
import { addressBytes, isMapped } from '../membership/address.js';
import type { HotMemory } from '../memory.js';
import type { KatranSettings } from './katran.js';

/** Bytes of REGION_KATRAN. */
export function katranBytes(settings: KatranSettings | undefined, workers: number): number {
  if (settings === undefined) return 0;
  return destinationAt(KATRAN_DESTINATIONS_MAX) + workers * KATRAN_WORKER_BYTES;
}

/** Writes the settings, before any instance is bound to the memory. */
export function writeKatran(memory: HotMemory, settings: KatranSettings | undefined): void {
  const { view, bytes } = memory;
  const control = memory.region(REGION_CONTROL).base;
  view.setUint32(control + CONTROL_COMPAT, settings === undefined ? COMPAT_NONE : COMPAT_KATRAN, true);
  if (settings === undefined) return;
  const { base } = memory.region(REGION_KATRAN);
  view.setUint32(base + KATRAN_FLAGS, settings.flags, true);
  view.setUint32(base + KATRAN_FRAME_BYTES_MAX, settings.frameBytesMax, true);
  view.setUint32(base + KATRAN_GUE_PORT, settings.guePort, true);
  view.setUint32(base + KATRAN_DESTINATION_COUNT, settings.destinations.length, true);
  const { ipv4, ipv6 } = settings.source;
  if (ipv4 !== undefined) bytes.set(katranAddress(ipv4), base + KATRAN_OWN4);
  if (ipv6 !== undefined) bytes.set(katranAddress(ipv6), base + KATRAN_OWN6);
  settings.destinations.forEach(({ address, egress }, i) => {
    const at = base + destinationAt(i);
    bytes.set(katranAddress(address), at + KATRAN_DESTINATION_ADDRESS);
    view.setUint32(at + KATRAN_DESTINATION_EGRESS, egress ? 1 : 0, true);
  });
}

function destinationAt(i: number): number {
  return KATRAN_SETTINGS_BYTES + i * KATRAN_DESTINATION_BYTES;
}

/** 16 bytes, an IPv4 address in the first four. */
function katranAddress(address: string): Uint8Array {
  const bytes = addressBytes(address);
  if (!isMapped(bytes)) return bytes;
  const v4 = new Uint8Array(16);
  v4.set(bytes.subarray(12));
  return v4;
}
