// host/membership/pieces.ts: a large change in pieces, each of which is live before the next is built: at a start with a thousand VIPs the
// most used one forwards after milliseconds, not when all tables are built.
import { MaglevError } from '../errors.js';
import { TABLE_SIZE_DEFAULT } from './record.js';
import type { MembershipState } from './state.js';

/** Slots that the first piece has at most, some 10 ms of building; each piece may have twice as many as the one before. */
const FIRST_PIECE_SLOTS = 8 * TABLE_SIZE_DEFAULT;

/** The keys in their order, cut up; a piece has at least one. A VIP that goes has no table, and takes no room. */
export function* inPieces(state: MembershipState, keys: readonly string[]): Generator<string[]> {
  let slotsMax = FIRST_PIECE_SLOTS;
  let piece: string[] = [];
  let slots = 0;
  for (const key of keys) {
    const own = slotsOf(state, key);
    if (piece.length > 0 && slots + own > slotsMax) {
      yield piece;
      piece = [];
      slots = 0;
      slotsMax *= 2;
    }
    piece.push(key);
    slots += own;
  }
  if (piece.length > 0) yield piece;
}

/** VIPs that go first, since they make room; then the most used first. */
export function inOrderOfTraffic(
  state: MembershipState,
  keys: Iterable<string>,
  packetsOf: (key: string) => number,
): string[] {
  const ranked = [...keys].map((key) => ({
    key,
    rank: state.vips.has(key) ? packetsOf(key) : Number.POSITIVE_INFINITY,
  }));
  ranked.sort((a, b) => (a.rank === b.rank ? 0 : b.rank - a.rank)); // stable: among equals as they were told
  return ranked.map(({ key }) => key);
}

/** Why VIPs are not live as their records say: one error for each reason, however many there are. */
export function shortages(failures: ReadonlyMap<string, MaglevError>): MaglevError[] {
  const byReason = new Map<string, { keys: string[]; error: MaglevError }>();
  for (const [key, error] of failures) {
    const reason = `${error.code} ${error.option ?? error.message}`;
    const same = byReason.get(reason) ?? { keys: [], error };
    same.keys.push(key);
    byReason.set(reason, same);
  }
  return [...byReason.values()].map(({ keys, error }) => {
    const others = keys.length > 1 ? ` and ${keys.length - 1} more` : '';
    const message = `VIP ${keys[0]}${others}: not live as the records say: ${error.message}`;
    const { option, rule, errno } = error;
    return new MaglevError(error.code, message, {
      cause: error,
      ...(option !== undefined && { option }),
      ...(rule !== undefined && { rule }),
      ...(errno !== undefined && { errno }),
    });
  });
}

function slotsOf({ vips }: MembershipState, key: string): number {
  const entry = vips.get(key);
  return entry === undefined ? 0 : (entry.vip.tableSize ?? TABLE_SIZE_DEFAULT);
}
