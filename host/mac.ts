// host/mac.ts: MAC addresses as people write them.
import { optionError } from './errors.js';

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;

/** The 6 bytes of a MAC address such as `02:00:00:00:00:01`. Throws ERR_OPTION, naming `option`, for what is none. */
export function macBytes(text: string, option = 'mac'): Uint8Array {
  if (!MAC.test(text)) throw optionError(option, text, 'must be a MAC address such as 02:00:00:00:00:01');
  return Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16));
}
