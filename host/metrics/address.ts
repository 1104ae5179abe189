// host/metrics/address.ts: where to listen, as it is written.
import { optionError } from '../errors.js';

/** Takes `HOST:PORT` apart; IPv6 addresses stand in brackets. Throws ERR_OPTION. */
export function readAddress(text: string): { host: string; port: number } {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  if (found === null || port > 65_535)
    throw optionError('metrics.listen', text, 'must be ADDRESS:PORT or [ADDRESS]:PORT');
  return { host: found[1] ?? (found[2] as string), port };
}
