// compat/katran/decide.ts: one frame as Katran would take it, from the first byte to the verdict: what forward.ts is without compat.
// The stages and their order are Katran's; everything else of this folder is called from here. What Katran passes is left to the host.
import {
  BACKEND_KATRAN,
  KATRAN_COUNT_LRU,
  KATRAN_FLAGS,
  KATRAN_HAS_LOCAL_DELIVERY,
  KATRAN_IS_SERVER,
  KATRAN_REAL_LOCAL,
  KATRAN_VIP_LOCAL,
  META_FLAGS,
  META_FRONT,
  META_HAS_MARK,
  META_HAS_VLAN,
  META_MARK,
  META_PACKET_TYPE,
  META_VIP,
  NO_BACKEND,
  PACKET_TYPE_HOST,
  PACKET_TYPE_MULTICAST,
  VIP_NUMBER,
} from '../../layout';
import { backend, countTraffic, katran } from '../../memory';
import {
  DROP_BAD_HEADER,
  DROP_NO_BACKEND,
  DROP_SUPER_FRAME_ENCAP,
  IGNORE_COMPAT,
  IGNORE_DECAPSULATED,
  IGNORE_ETHERTYPE,
  IGNORE_LOCAL_BACKEND,
  IGNORE_OTHER_HOST,
  NO_VERDICT,
} from '../../verdict';
import { decideAsked } from './announce';
import { choose } from './choose';
import { count } from './counters';
import * as decap from './decap';
import { forward } from './forward';
import { decideMarked } from './healthCheck';
import { decideIcmp } from './icmp';
import * as offload from './offload';
import * as packet from './packet';
import * as sender from './send';
import { answerTooBig, isTooBig } from './tooBig';
import { find, flagsOf } from './vip';

const ROUNDS_MAX = 33; // tail calls of the kernel: so often a packet may be found inside another

/** See forward.ts. */
export function decide(frame: usize, len: u32, meta: usize, root: usize, tick: u32): u32 {
  const mark = load<u32>(meta, META_MARK); // stands where outputs are told of
  store<u16>(meta, 0, META_FRONT);
  if (<u32>load<u16>(meta, META_FLAGS) & META_HAS_MARK) return decideMarked(mark, frame, len, meta, root);
  const packetType = <i32>load<u8>(meta, META_PACKET_TYPE);
  const asked = packetType > PACKET_TYPE_MULTICAST ? NO_VERDICT : decideAsked(frame, len, meta, root);
  if (asked != NO_VERDICT) return asked;
  if (packetType != PACKET_TYPE_HOST) return IGNORE_OTHER_HOST;
  if (load<u16>(meta, META_FLAGS) & META_HAS_VLAN) return IGNORE_ETHERTYPE;
  sender.begin(meta);
  offload.begin(meta);
  decap.begin();
  packet.moveTo(frame, len);
  let verdict: u32 = decap.AGAIN;
  for (let i = 0; i < ROUNDS_MAX && verdict == decap.AGAIN; i++) verdict = decideRound(meta, root, tick);
  store<u16>(meta, <u16>decap.taken, META_FRONT);
  return verdict == decap.AGAIN ? DROP_BAD_HEADER : verdict;
}

/** AGAIN: what is left of the frame is to be decided about. */
function decideRound(meta: usize, root: usize, tick: u32): u32 {
  const broken = packet.read(packet.frame, packet.bytes);
  if (broken != NO_VERDICT) return broken;
  const half = offload.complete();
  if (half != NO_VERDICT) return half;
  if (has(KATRAN_IS_SERVER)) return serve();
  const answered = decideIcmp(false);
  if (answered != NO_VERDICT) return answered;
  if (decap.isIpip()) return offload.isSuperFrame ? DROP_SUPER_FRAME_ENCAP : decap.decapIpip(root);
  const unknown = packet.readPorts();
  if (unknown != NO_VERDICT) return unknown;
  if (decap.isGue()) return offload.isSuperFrame ? DROP_SUPER_FRAME_ENCAP : decap.decapGue(root);
  const vip = find(root);
  if (!vip) return IGNORE_COMPAT;
  const uncut = offload.isSuperFrame ? offload.measure() : NO_VERDICT;
  if (uncut != NO_VERDICT) return uncut;
  return isTooBig() ? answerTooBig(tick) : balance(vip, meta, tick);
}

function balance(vip: usize, meta: usize, tick: u32): u32 {
  count(KATRAN_COUNT_LRU);
  const real = choose(vip, tick);
  const number = <u32>load<u16>(vip, VIP_NUMBER);
  store<u32>(meta, number | (real << 16), META_VIP); // and META_BACKEND behind it
  if (real == NO_BACKEND) return DROP_NO_BACKEND;
  countTraffic(number, real, packet.length);
  return isDeliveredHere(vip, real) ? IGNORE_LOCAL_BACKEND : forward(real);
}

function isDeliveredHere(vip: usize, real: u32): bool {
  if (!has(KATRAN_HAS_LOCAL_DELIVERY) || !(flagsOf(vip) & KATRAN_VIP_LOCAL)) return false;
  return (<u32>load<u8>(backend(real), BACKEND_KATRAN) & KATRAN_REAL_LOCAL) != 0;
}

/** A real server's part: what is in a tunnel is taken out, all else stays as it is. */
function serve(): u32 {
  decap.strip();
  return decap.taken ? IGNORE_DECAPSULATED : IGNORE_COMPAT;
}

function has(flag: u32): bool {
  return (load<u32>(katran, KATRAN_FLAGS) & flag) != 0;
}
