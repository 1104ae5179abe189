// bench/studies/kafka/records.ts: the records that these studies publish: VIPs of the benchmark network (RFC 2544), backends in 10.0.0.0/8.
import type { TopicEntry } from '../../../host/membership/sources/kafka.js';

export const SECRET = 'a secret of 16 bytes';
export const vipAddress = (n: number): string => `198.18.${n >> 8}.${n & 255}`;
export const vipKey = (n: number): string => `tcp/${vipAddress(n)}:80`;
/** As text and, in tunnel headers, as a number. */
export const backendAddress = (n: number): string => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
export const backendNumber = (n: number): number => 0x0a000000 + n;

export function vipEntry(n: number): TopicEntry {
  const vip = { v: 1, address: vipAddress(n), protocol: 'tcp', port: 80, encap: { type: 'ipip' } };
  return { key: vipKey(n), value: JSON.stringify(vip) };
}

export function backendEntry(vip: number, n: number, state: 'active' | 'draining' = 'active'): TopicEntry {
  const address = backendAddress(n);
  return { key: `${vipKey(vip)}/${address}`, value: JSON.stringify({ v: 1, vip: vipKey(vip), address, state }) };
}

/** Numbers `first` to `first + count - 1`. */
export const numbers = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);
