// test/fuzz/grammarNames.ts: packets that say which server they are for: QUIC (RFC 9000, section 17), a stable header, a TCP option.
import type { Dice } from './dice.js';
import type { Input } from './input.js';
import { SERVER_IDS } from './scene.js';

const LONG = 0xc0;
const SHORT = 0x40;
const STABLE = 0x52;
const VERSIONS = [1, 1, 0x6b33_43cf, 0];
const DCID_LENGTHS = [8, 8, 8, 20, 7, 0];
const OPTION = 0xb7;

/** Writes the beginning of a payload from `at` to `end`, as far as it reaches, with a server id, mostly. */
export function writeServerId({ bytes, view }: Input, dice: Dice, at: number, end: number): void {
  const kind = dice.below(8);
  const room = end - at;
  if (kind === 0 || room < 14) return;
  if (kind < 3) {
    view.setUint32(at, ((STABLE << 24) | dice.pick(SERVER_IDS)) >>> 0);
    return;
  }
  const isLong = kind < 5;
  bytes[at] = isLong ? LONG | (dice.below(4) << 4) : SHORT | dice.below(64);
  if (isLong) {
    view.setUint32(at + 1, dice.pick(VERSIONS));
    bytes[at + 5] = dice.pick(DCID_LENGTHS);
  }
  writeConnectionId(view, dice, at + (isLong ? 6 : 1));
}

function writeConnectionId(view: DataView, dice: Dice, at: number): void {
  const form = dice.oneIn(8) ? dice.below(4) : 1 + dice.below(3);
  const id = dice.pick(SERVER_IDS);
  if (form === 1) view.setUint32(at, ((form << 30) | ((id & 0xffff) << 14)) >>> 0);
  else {
    view.setUint32(at + 1, form === 3 ? id : (id << 8) >>> 0);
    view.setUint8(at, (form << 6) | dice.below(64));
  }
}

/** Puts the option among those between `at` and `end`; now and then it goes past them. */
export function writeServerOption({ bytes, view }: Input, dice: Dice, at: number, end: number): void {
  const place = dice.oneIn(4) ? end - 1 - dice.below(5) : at + dice.below(end - at - 5);
  bytes[place] = OPTION;
  bytes[place + 1] = dice.oneIn(8) ? dice.below(8) : 6;
  view.setUint32(place + 2, dice.pick(SERVER_IDS), true);
}
