// Tracking on histories of chance: the hot path against the slow model, packet by packet, and against the promise itself:
// a flow that is not silent too long stays on a backend that can serve all the while.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  CONTROL_FINAL_KEY,
  CONTROL_IDENTITY_KEY,
  CONTROL_NH_KEY,
  NH_KEY_WORDS,
  REGION_CONTROL,
} from '../../assembly/layout.js';
import { createHotPath, type HotPath, type Tracking } from '../../host/hotpath.js';
import { addressBytes } from '../../host/membership/address.js';
import { type FlowKeys, flowHash } from '../model/nh.js';
import { type ModelRecord, TrackingModel } from '../model/tracking.js';
import { engineOf, FakeClock, SMALL } from '../support/hotpath.js';
import { flowFrame } from '../support/packets.js';
import { type Random, withSeeds } from '../support/random.js';

const History = suite('select/history');

const SLOTS = 101;
const FLOWS = 150;
const STEPS = 4000;
const ADDRESSES = Array.from({ length: 8 }, (_, i) => `10.0.1.${i + 1}`);
const IDLE_TICKS = 20;
const UDP_LEARN_TICKS = 8;
const TICK_MS = 512;
const PROTOCOL_NUMBER = { tcp: 6, udp: 17 };

interface Flow {
  name: string;
  slot: number;
  frame: Uint8Array;
  syn: Uint8Array;
  /** Backend of the last packet and when it was; not there after something that ends a flow's right to it. */
  last?: { backend: string; tick: number };
}

interface Run {
  protocol: 'tcp' | 'udp';
  tracking: Tracking;
  panicShare: number;
  hotPath: HotPath;
  model: TrackingModel;
  clock: FakeClock;
  chance: Random;
  vip: string;
  flows: Flow[];
  records: Map<string, ModelRecord>;
  /** How long a flow may be silent and still stay where it is, ticks. */
  promiseTicks: number;
}

function keysOf(hotPath: HotPath): FlowKeys & { identity: Uint8Array } {
  const { memory } = engineOf(hotPath);
  const { base } = memory.region(REGION_CONTROL);
  return {
    nh: Array.from({ length: NH_KEY_WORDS }, (_, i) => memory.view.getUint32(base + CONTROL_NH_KEY + 4 * i, true)),
    finalizer: memory.view.getBigUint64(base + CONTROL_FINAL_KEY, true),
    identity: memory.bytes.slice(base + CONTROL_IDENTITY_KEY, base + CONTROL_IDENTITY_KEY + 16),
  };
}

function makeFlow(keys: FlowKeys, protocol: 'tcp' | 'udp', client: number): Flow {
  const packet = { protocol, client, sourcePort: 1024 + client };
  const frame = flowFrame(packet);
  const fields = { source: frame.slice(26, 30), destination: frame.slice(30, 34), ports: frame.slice(34, 38) };
  const hash = flowHash(keys, { ...fields, protocol: PROTOCOL_NUMBER[protocol] });
  const slot = Number(((hash & 0xffffffffn) * BigInt(SLOTS)) >> 32n);
  return { name: `${client}`, slot, frame, syn: flowFrame({ ...packet, isSyn: true }) };
}

async function start(chance: Random, protocol: 'tcp' | 'udp', tracking: Tracking, panicShare: number): Promise<Run> {
  const clock = new FakeClock();
  const hotPath = await createHotPath({
    ...{ ...SMALL, nowMs: clock.nowMs, panicShare, hashSecret: chance.bytes(16) },
    ...{ tcpIdleTimeoutMs: IDLE_TICKS * TICK_MS, udpIdleTimeoutMs: IDLE_TICKS * TICK_MS },
    udpLearnMs: UDP_LEARN_TICKS * TICK_MS,
  });
  const keys = keysOf(hotPath);
  const learnTicks = protocol === 'tcp' ? IDLE_TICKS + 1 : UDP_LEARN_TICKS;
  const common = { slotCount: SLOTS, identityKey: keys.identity, idleTicks: IDLE_TICKS, learnTicks };
  const model = new TrackingModel({ ...common, tracking, panicShare });
  const flows = Array.from({ length: FLOWS }, (_, client) => makeFlow(keys, protocol, client));
  const run = { protocol, tracking, panicShare, hotPath, model, clock, chance, flows, records: new Map() };
  const vip = `${protocol}/192.0.2.80:80`;
  const [address = '', second = ''] = ADDRESSES;
  const first: ModelRecord[] = [
    { address, bytes: addressBytes(address), weight: 1, state: 'active' },
    { address: second, bytes: addressBytes(second), weight: 2, state: chance.pick(['active', 'draining']) },
  ];
  await hotPath.apply([
    { put: { address: '192.0.2.80', protocol, port: 80, tableSize: SLOTS, tracking } },
    ...first.map(({ bytes: _bytes, ...record }) => ({ put: { vip, ...record } })),
  ]);
  for (const record of first) (run.records as Map<string, ModelRecord>).set(record.address, record);
  model.publish(first, clock.tick);
  return { ...run, vip, promiseTicks: protocol === 'tcp' ? IDLE_TICKS : UDP_LEARN_TICKS - 1 };
}

/** A join, a drain, a death, a return, another weight, or a removal. */
async function changeMembership({ hotPath, model, clock, chance, vip, records, flows }: Run): Promise<void> {
  const address = chance.pick(ADDRESSES);
  if (records.has(address) && chance.int(4) === 0) {
    records.delete(address);
    await hotPath.apply([{ remove: `${vip}/${address}` }]);
  } else {
    const state = chance.pick(['active', 'active', 'active', 'draining', 'down'] as const);
    const weight = chance.pick([1, 1, 1, 2, 5, 0]);
    records.set(address, { address, bytes: addressBytes(address), weight, state });
    await hotPath.apply([{ put: { vip, address, weight, state } }]);
  }
  model.publish([...records.values()], clock.tick);
  // Down and removed backends lose all at once, and have no claim when they return.
  for (const flow of flows) if (flow.last !== undefined && !model.canServe(flow.last.backend)) delete flow.last;
}

function sendPacket(run: Run, step: number): void {
  const { hotPath, model, clock, chance, protocol, tracking } = run;
  const flow = chance.pick(run.flows);
  const isSyn = protocol === 'tcp' && chance.int(6) === 0;
  const { backend } = hotPath.forward(isSyn ? flow.syn : flow.frame);
  const what = `step ${step}, tick ${clock.tick}, flow ${flow.name}, slot ${flow.slot}${isSyn ? ', SYN' : ''}`;
  assert.is(backend, model.packet(flow.name, flow.slot, isSyn, clock.tick), what);
  const { last } = flow;
  const mustStay = last !== undefined && !isSyn && clock.tick - last.tick <= run.promiseTicks && tracking !== 'none';
  if (mustStay) assert.is(backend, last.backend, `${what}: it was there ${clock.tick - last.tick} ticks ago`);
  if (backend === undefined) delete flow.last;
  else flow.last = { backend, tick: clock.tick };
}

async function step(run: Run, number: number): Promise<void> {
  const { chance, clock, hotPath, model, vip } = run;
  const dice = chance.int(100);
  if (dice < 80) return sendPacket(run, number);
  if (dice < 90) {
    clock.tick += chance.int(20) === 0 ? chance.pick([UDP_LEARN_TICKS, IDLE_TICKS, 3 * IDLE_TICKS]) : chance.int(3);
    return;
  }
  if (dice < 95) return changeMembership(run);
  const drained = await hotPath.tend();
  const what = `step ${number}, tick ${clock.tick}: drained`;
  assert.equal(drained.map(({ backend }) => backend).sort(), model.tend(clock.tick), what);
  assert.is(engineOf(hotPath).countTracked(vip), model.trackedCount, `step ${number}: tracked slots`);
}

const RUNS: [protocol: 'tcp' | 'udp', tracking: Tracking, panicShare: number, seeds: number[]][] = [
  ['tcp', 'changed', 0, [1, 2, 3]],
  ['udp', 'changed', 0, [4, 5, 6]],
  ['tcp', 'all', 0, [7, 8]],
  ['udp', 'all', 0, [9]],
  ['tcp', 'none', 0, [10]],
  ['tcp', 'changed', 0.5, [11, 12]],
];
for (const [protocol, tracking, panicShare, seeds] of RUNS) {
  History(
    `${protocol}, tracking ${tracking}, panicShare ${panicShare}: ${STEPS} steps, seeds ${seeds.join(', ')}`,
    () =>
      withSeeds(seeds, async (chance) => {
        const run = await start(chance, protocol, tracking, panicShare);
        for (let number = 0; number < STEPS; number++) await step(run, number);
      }),
  );
}

History.run();
