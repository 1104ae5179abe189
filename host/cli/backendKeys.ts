// host/cli/backendKeys.ts: the records that a command is about: by their keys, or all backends of an address.
import { MaglevError } from '../errors.js';
import { canonicalAddress } from '../membership/address.js';
import type { RecordMap } from '../membership/difference.js';
import { formatKey, parseKey } from '../membership/key.js';
import { keysOfAddress } from '../publishing/edit.js';

/** Canonical keys of what was named, each once. Throws ERR_OPTION for nothing named, ERR_RECORD for an address that no record has. */
export function namedKeys(records: RecordMap, keys: readonly string[], address: string | undefined): string[] {
  if (keys.length === 0 && address === undefined) {
    const rule = 'expected keys such as tcp/192.0.2.80:80/10.0.1.9, or --address';
    throw new MaglevError('ERR_OPTION', `nothing is named: ${rule}`, { option: 'keys', rule });
  }
  const named = keys.map((key) => formatKey(parseKey(key)));
  return [...new Set([...named, ...(address === undefined ? [] : keysAt(records, canonicalAddress(address)))])];
}

function keysAt(records: RecordMap, address: string): string[] {
  const keys = keysOfAddress(records, address);
  if (keys.length > 0) return keys;
  const rule = 'is the address of no backend in the topic';
  throw new MaglevError('ERR_RECORD', `--address ${address} ${rule}`, { option: '--address', rule });
}
