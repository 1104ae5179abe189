// profiles/slot.ts: which slot of its VIP's table a flow has. A VIP of the `native` profile that hashes the whole 5-tuple, which
// is nearly every one, has both bytes 0 and takes the hash that the flow table has too; the others hash once more.
import { hashPort, hashSource } from '../hash/nh';
import {
  FIELDS_5_TUPLE,
  FIELDS_PORT,
  FIELDS_SOURCE,
  HASH_CILIUM,
  HASH_ENVOY,
  HASH_NATIVE,
  VIP_FIELDS,
  VIP_HASH,
  VIP_PORT,
  VIP_PREFIX_BITS,
  VIP_SLOT_COUNT,
  WORKER_SCRATCH,
} from '../layout';
import { worker } from '../memory';
import * as parsed from '../parse';
import { SOURCE as SOURCE4 } from '../wire/ipv4';
import { SOURCE as SOURCE6 } from '../wire/ipv6';
import * as cilium from './cilium';
import * as envoy from './envoy';
import * as katran from './katran';
import { slotOf } from './native';

const SOURCE_PORT: u32 = 0x0000_ffff; // as both ports lie in memory
const DESTINATION_PORT: u32 = 0xffff_0000;

/** Slot of the flow in hand, whose native hash is `hash`. */
export function slotOfFlow(vip: usize, hash: u64): u32 {
  const slotCount = load<u32>(vip, VIP_SLOT_COUNT);
  return load<u16>(vip, VIP_HASH) ? slotOfOther(vip, slotCount) : slotOf(hash, slotCount);
}

function slotOfOther(vip: usize, slotCount: u32): u32 {
  const profile = <i32>load<u8>(vip, VIP_HASH);
  const fields = <i32>load<u8>(vip, VIP_FIELDS);
  if (profile == HASH_NATIVE) return slotOf(nativeHash(fields), slotCount);
  if (profile == HASH_ENVOY) return <u32>(envoyHash(fields) % <u64>slotCount);
  return (profile == HASH_CILIUM ? ciliumHash(fields) : katranHash(vip, fields, slotCount)) % slotCount;
}

function nativeHash(fields: i32): u64 {
  return fields == FIELDS_PORT ? hashPort(parsed.ports) : hashSource(parsed.isV6, source());
}

function envoyHash(fields: i32): u64 {
  const scratch = worker + WORKER_SCRATCH;
  return fields == FIELDS_SOURCE
    ? envoy.clientHash(parsed.isV6, source(), scratch)
    : envoy.flowHash(parsed.isV6, source(), parsed.ports, parsed.protocol, scratch);
}

/** By source: as Cilium does for a service with session affinity, with the client's port left out. */
function ciliumHash(fields: i32): u32 {
  const ports = fields == FIELDS_SOURCE ? parsed.ports & DESTINATION_PORT : parsed.ports;
  return cilium.flowHash(parsed.isV6, source(), ports, parsed.protocol);
}

/**
 * By source: as Katran's flag that leaves the client's port out. The destination port of a VIP that was not found by its exact
 * address and port counts as 0, but with the flag for that port alone.
 */
function katranHash(vip: usize, fields: i32, slotCount: u32): u32 {
  if (fields == FIELDS_PORT) return katran.portHash(parsed.isV6, parsed.ports, worker + WORKER_SCRATCH, slotCount);
  const isExact = load<u16>(vip, VIP_PORT) != 0 && load<u8>(vip, VIP_PREFIX_BITS) == 128;
  let ports = isExact ? parsed.ports : parsed.ports & SOURCE_PORT;
  if (fields != FIELDS_5_TUPLE) ports &= DESTINATION_PORT;
  return katran.flowHash(parsed.isV6, source(), ports, slotCount);
}

/** The client's address, 4 or 16 bytes; the destination follows it in both families. */
function source(): usize {
  return parsed.packet + (parsed.isV6 ? SOURCE6 : SOURCE4);
}
