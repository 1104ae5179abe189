// explain.ts: what the general path made of one frame, step by step, for the host to tell. It is the same code: these functions only
// keep it from writing to what flows share, and hand out what it found.

import { runGeneralBatch } from './batch';
import * as flowTable from './flow/table';
import * as tracks from './flow/tracks';
import {
  EXPLAIN_DESTINATION_PORT,
  EXPLAIN_ETHERTYPE,
  EXPLAIN_HAS_DESTINATION,
  EXPLAIN_HASH,
  EXPLAIN_IS_FRAGMENT,
  EXPLAIN_IS_KNOWN,
  EXPLAIN_IS_LOOKED_UP,
  EXPLAIN_IS_SYN,
  EXPLAIN_IS_V6,
  EXPLAIN_NAMED_DOWN,
  EXPLAIN_PACKET_BYTES,
  EXPLAIN_PROTOCOL,
  EXPLAIN_ROUTE_BITS,
  EXPLAIN_SERVER_ID,
  EXPLAIN_SLOT,
  EXPLAIN_SLOT_INDEX,
  EXPLAIN_SOURCE_PORT,
  EXPLAIN_VLAN,
  EXPLAIN_WAY,
  EXPLAIN_WAYS_ASKED,
  HEADROOM,
  META_LENGTH,
} from './layout';
import { cells, compat, metas } from './memory';
import * as parsed from './parse';
import * as lookup from './select/lookup';
import * as trace from './select/trace';

/**
 * Takes the frame of cell 0 to its verdict as runGeneralBatch(1) would, but enters, confirms and notes nothing in flow table and
 * tracking maps. Counters, tokens and fragments are the caller's to put back.
 */
export function explainFrame(tick: u32): void {
  lookup.forget();
  trace.forget();
  // What a frame is, is told as we read it, also where another system's rules decide.
  if (compat) parsed.parse(cells + HEADROOM, load<u32>(metas, META_LENGTH), metas);
  flowTable.setReadOnly(true);
  tracks.setReadOnly(true);
  runGeneralBatch(1, tick);
  flowTable.setReadOnly(false);
  tracks.setReadOnly(false);
}

/** What explainFrame() found: EXPLAIN_ says what is asked for. */
export function explained(what: i32): u64 {
  switch (what) {
    case EXPLAIN_ETHERTYPE:
      return parsed.etherType;
    case EXPLAIN_VLAN:
      return parsed.hasVlan ? parsed.vlanTci | 0x1_0000 : 0;
    case EXPLAIN_HAS_DESTINATION:
      return parsed.hasDestination ? 1 : 0;
    case EXPLAIN_IS_V6:
      return parsed.isV6 ? 1 : 0;
    case EXPLAIN_PROTOCOL:
      return parsed.protocol;
    case EXPLAIN_SOURCE_PORT:
      return bswap<u16>(<u16>parsed.ports);
    case EXPLAIN_DESTINATION_PORT:
      return bswap<u16>(<u16>(parsed.ports >> 16));
    case EXPLAIN_IS_SYN:
      return parsed.isSyn ? 1 : 0;
    case EXPLAIN_IS_FRAGMENT:
      return parsed.isFragment ? 1 : 0;
    case EXPLAIN_PACKET_BYTES:
      return parsed.packetBytes;
    case EXPLAIN_IS_LOOKED_UP:
      return lookup.isLookedUp ? 1 : 0;
    case EXPLAIN_HASH:
      return lookup.lastHash;
    case EXPLAIN_SLOT_INDEX:
      return lookup.lastSlotIndex;
    case EXPLAIN_SLOT:
      return lookup.lastSlot;
    case EXPLAIN_WAYS_ASKED:
      return trace.asked;
    case EXPLAIN_WAY:
      return trace.way;
    case EXPLAIN_SERVER_ID:
      return trace.serverId;
    case EXPLAIN_NAMED_DOWN:
      return trace.isDown ? 1 : 0;
    case EXPLAIN_ROUTE_BITS:
      return trace.routeBits;
    case EXPLAIN_IS_KNOWN:
      return trace.isKnown ? 1 : 0;
    default:
      return 0;
  }
}
