// host/explain.ts: what the hot path decides about one frame, told step by step. The frame goes through the general path of the same
// module; what that leaves behind is put back, so that asking changes nothing.
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
  REGION_BACKEND_COUNTERS,
  REGION_COUNTERS,
  REGION_FRAGMENTS,
  REGION_KATRAN,
  REGION_VIP_COUNTERS,
  REGION_WORKERS,
  SLOT_TRACKED,
} from '../assembly/layout.js';
import type { Engine } from './engine.js';
import { formatAddress } from './membership/address.js';
import type { LiveBackend, LiveVip } from './membership/live.js';
import { WAY_BITS } from './membership/namesRecord.js';
import { RAMP_STEPS } from './membership/slowStart.js';
import { VERDICTS } from './stats.js';
import type { Step } from './step.js';

/** What became of the frame that is explained: its place in the cells is read by the caller. */
interface ExplainedFrame {
  /** As it came in: it is rewritten in place. */
  frame: Uint8Array;
  verdict: string;
  vip: LiveVip | undefined;
  backend: LiveBackend | undefined;
  outputs: Uint8Array[];
}

const PROTOCOLS: Record<number, string> = { 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMPv6', 132: 'SCTP' };
const KEPT = [
  ...[REGION_COUNTERS, REGION_VIP_COUNTERS, REGION_BACKEND_COUNTERS],
  ...[REGION_WORKERS, REGION_FRAGMENTS, REGION_KATRAN],
];

const COMPAT_STEP: Step = {
  step: 'compat',
  text: "compat 'katran': from here on as Katran decides, its connection table asked before its ring",
  fields: { compat: 'katran' },
};

/** Runs the frame in cell 0 without leaving a trace; afterwards its meta, its outputs and explained() tell of it. */
export function runExplained(engine: Engine): void {
  const { bytes, region } = engine.memory;
  const kept = KEPT.map((index) => ({
    base: region(index).base,
    was: bytes.slice(region(index).base, region(index).base + region(index).bytes),
  }));
  engine.builder.explainFrame(engine.now());
  for (const { base, was } of kept) bytes.set(was, base);
}

/** The steps of the frame that runExplained() took to its verdict. */
export function stepsOf(engine: Engine, about: ExplainedFrame): Step[] {
  const ask = (what: number): number => Number(engine.builder.explained(what));
  const steps: Step[] = [parseStep(ask, about.frame)];
  if (engine.memory.region(REGION_KATRAN).bytes > 0) steps.push(COMPAT_STEP);
  if (about.vip !== undefined) steps.push(vipStep(about.vip));
  if (about.vip !== undefined && ask(EXPLAIN_WAYS_ASKED) !== 0) steps.push(wayStep(ask, about));
  if (about.vip !== undefined && ask(EXPLAIN_IS_LOOKED_UP) === 1) {
    steps.push(hashStep(engine, about.vip), slotStep(ask, about.vip));
  }
  if (about.backend !== undefined) steps.push(backendStep(about.backend, about.vip));
  if (about.backend !== undefined && about.outputs.length > 0) steps.push(encapStep(about.backend, about.outputs));
  steps.push(verdictStep(about));
  return steps;
}

function parseStep(ask: (what: number) => number, frame: Uint8Array): Step {
  const etherType = ask(EXPLAIN_ETHERTYPE);
  const vlan = ask(EXPLAIN_VLAN);
  const fields: Step['fields'] = { bytes: frame.length, etherType: `0x${etherType.toString(16).padStart(4, '0')}` };
  if (vlan !== 0) fields.vlan = vlan & 0xfff;
  if (ask(EXPLAIN_HAS_DESTINATION) === 0) {
    return { step: 'parse', text: `a frame of ${frame.length} bytes without an IP header that can be trusted`, fields };
  }
  const isV6 = ask(EXPLAIN_IS_V6) === 1;
  const at = 14 + (vlan !== 0 && frame[12] === 0x81 ? 4 : 0) + (isV6 ? 8 : 12);
  const long = isV6 ? 16 : 4;
  const protocol = PROTOCOLS[ask(EXPLAIN_PROTOCOL)] ?? `protocol ${ask(EXPLAIN_PROTOCOL)}`;
  Object.assign(fields, {
    source: addressText(frame.subarray(at, at + long)),
    destination: addressText(frame.subarray(at + long, at + 2 * long)),
    protocol,
    sourcePort: ask(EXPLAIN_SOURCE_PORT),
    destinationPort: ask(EXPLAIN_DESTINATION_PORT),
    isSyn: ask(EXPLAIN_IS_SYN) === 1,
    isFragment: ask(EXPLAIN_IS_FRAGMENT) === 1,
    packetBytes: ask(EXPLAIN_PACKET_BYTES),
  });
  const ends = `${fields.source} port ${fields.sourcePort} to ${fields.destination} port ${fields.destinationPort}`;
  const marks = [fields.isSyn && ', SYN', fields.isFragment && ', a fragment'].filter(Boolean).join('');
  return { step: 'parse', text: `${protocol} over IPv${isV6 ? 6 : 4}, ${ends}${marks}`, fields };
}

/** Of 4 bytes as well as of 16. */
function addressText(bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join('.') : formatAddress(bytes);
}

function vipStep({ key, vip, record }: LiveVip): Step {
  const fields = { vip: key, slotCount: record.slotCount, tracking: vip.tracking ?? 'changed' };
  return { step: 'vip', text: `is for ${key}, whose table has ${record.slotCount} slots`, fields };
}

/** What the ways before the table found; the hash is only told of when they found nothing. */
function wayStep(ask: (what: number) => number, { vip, backend }: ExplainedFrame): Step {
  const ways = vip?.names.ways ?? [];
  const [serverId, bits] = [ask(EXPLAIN_SERVER_ID), ask(EXPLAIN_ROUTE_BITS)];
  const way = ways.find((name) => WAY_BITS[name] === ask(EXPLAIN_WAY));
  const fields: Step['fields'] = { asked: ways.join(' '), way: way ?? 'none' };
  if (serverId !== 0) fields.serverId = serverId;
  if (bits !== 0) fields.prefixBits = bits - 1 - (vip?.vip.address.includes(':') ? 0 : 96);
  const found = [serverId !== 0 && `server id ${serverId}`, bits !== 0 && `source prefix of ${fields.prefixBits} bits`];
  const names = found.filter(Boolean).join(', ') || 'no server id and no source route';
  if (way !== undefined) {
    fields.backend = backend?.address ?? '';
    return { step: 'way', text: `${names}: ${way} names ${fields.backend}, the table is not asked`, fields };
  }
  const why = ask(EXPLAIN_NAMED_DOWN) === 1 ? ', which leads to a backend that is down' : '';
  const who = ask(EXPLAIN_IS_KNOWN) === 1 ? 'the flow table knows the flow, which stays' : 'the table decides';
  return { step: 'way', text: `${ways.join(', ')} asked: ${names}${why}; ${who}`, fields };
}

function hashStep(engine: Engine, { vip }: LiveVip): Step {
  const hash = BigInt.asUintN(64, engine.builder.explained(EXPLAIN_HASH)).toString(16).padStart(16, '0');
  const [profile, on] = [vip.hash ?? 'native', vip.hashOn ?? '5-tuple'];
  const text = `hash 0x${hash} of the flow; its slot by profile ${profile} over ${on}`;
  return { step: 'hash', text, fields: { hash: `0x${hash}`, profile, hashOn: on } };
}

function slotStep(ask: (what: number) => number, { record }: LiveVip): Step {
  const [slot, value] = [ask(EXPLAIN_SLOT_INDEX), ask(EXPLAIN_SLOT)];
  const isTracked = (value & SLOT_TRACKED) !== 0;
  const text = `slot ${slot} of ${record.slotCount}, ${isTracked ? 'tracked: the flow table is asked' : 'not tracked: the table decides'}`;
  return { step: 'slot', text, fields: { slot, isTracked } };
}

function backendStep({ address, index, isDraining }: LiveBackend, vip: LiveVip | undefined): Step {
  const step = vip?.steps.get(address);
  const notes = [
    isDraining && ', which is draining: a flow from before',
    step !== undefined && `, which is in step ${step} of ${RAMP_STEPS} of its slow start`,
  ];
  const text = `goes to backend ${address}${notes.filter(Boolean).join('')}`;
  const fields = { backend: address, index, isDraining, ...(step !== undefined && { slowStartStep: step }) };
  return { step: 'backend', text, fields };
}

function encapStep({ encap, address }: LiveBackend, outputs: Uint8Array[]): Step {
  const [first] = outputs as [Uint8Array];
  const mac = (at: number): string =>
    Buffer.from(first.subarray(at, at + 6))
      .toString('hex')
      .replace(/(..)(?!$)/g, '$1:');
  const fields = { ...encap, to: mac(0), from: mac(6), outputs: outputs.length, bytes: first.length };
  const count =
    outputs.length === 1
      ? `a frame of ${first.length} bytes`
      : `${outputs.length} frames, the first of ${first.length} bytes`;
  return { step: 'encap', text: `leaves by ${encap.type} towards ${address}: ${count}, to ${fields.to}`, fields };
}

function verdictStep({ verdict }: ExplainedFrame): Step {
  const when = VERDICTS.find(({ name }) => name === verdict)?.when ?? '';
  return { step: 'verdict', text: `${verdict}: ${when}`, fields: { verdict } };
}
