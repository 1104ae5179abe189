// Publication: all of a change or none of it, nothing freed under a reader, nothing lost in the long run.

import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  CACHE_LINE,
  CONTROL_GENERATION,
  EPOCH_IDLE,
  REGION_CONTROL,
  SLOT_BYTES,
  TRACK_BYTES,
  WORKER_EPOCH,
} from '../assembly/layout.js';
import { Arena } from '../host/arena.js';
import type { Engine } from '../host/engine.js';
import type { Change, Core, MaglevError, Vip } from '../host/hotpath.js';
import { Indexes } from '../host/membership/indexes.js';
import { namesBytes } from '../host/membership/namesRecord.js';
import { bindHotPath } from '../host/module.js';
import { FakeClock } from './support/hotpath.js';
import { flowFrame } from './support/packets.js';
import { type Random, withSeeds } from './support/random.js';
import { rejection } from './support/rejection.js';
import { CellWorker, createEngine } from './support/worker.js';

const Publish = suite('publish');

const VIP = 'tcp/192.0.2.80:80';
const IDLE_TICKS = 20;
const TIMES = { tcpIdleTimeoutMs: IDLE_TICKS * 512, udpIdleTimeoutMs: 5 * 512, udpLearnMs: 512 };

const vip = (last: number, tableSize = 509): Change => ({
  put: { address: `192.0.2.${last}`, protocol: 'tcp', port: 80, tableSize },
});
const backend = (last: number, ofVip = 80, rest: { state?: 'down' | 'draining' } = {}): Change => ({
  put: { vip: `tcp/192.0.2.${ofVip}:80`, address: `10.0.${ofVip}.${last}`, ...rest },
});

interface Bench {
  engine: Engine;
  clock: FakeClock;
  worker: CellWorker;
}

async function bench(core: Core, changes: Change[], workers = 1): Promise<Bench> {
  const clock = new FakeClock();
  const engine = createEngine({ ...TIMES, hashSecret: 'a secret of 16 bytes', ...core }, workers, () => clock.tick);
  if (changes.length > 0) await engine.apply(changes);
  return { engine, clock, worker: new CellWorker(engine, 0) };
}

/** Where a hundred flows go. */
function routes({ worker }: Bench): (string | undefined)[] {
  return Array.from(
    { length: 100 },
    (_, client) => worker.forward(flowFrame({ protocol: 'tcp', client, sourcePort: 1 + client })).backend,
  );
}

/** Bytes of tables and tracking maps that live VIPs point to. */
function neededBytes({ vips }: Engine): number {
  const lines = (bytes: number): number => Math.ceil(bytes / CACHE_LINE) * CACHE_LINE;
  let sum = 0;
  for (const { record, names } of vips.values()) {
    sum += lines(record.slotCount * SLOT_BYTES);
    if (record.tracks !== 0) sum += lines((record.trackMask + 1) * TRACK_BYTES);
    if (record.names !== 0) sum += lines(namesBytes(names));
  }
  return sum;
}

/** Keys that hold a VIP number or a backend index now. */
function keysInUse(engine: Engine, which: 'vipNumbers' | 'addressNumbers' | 'backendIndexes'): string[] {
  const { publisher } = engine as unknown as { publisher: Record<string, { byKey: Map<string, number> }> };
  return [...(publisher[which]?.byKey.keys() ?? [])].sort();
}

function wantedKeys(engine: Engine): { vipNumbers: string[]; addressNumbers: string[]; backendIndexes: string[] } {
  const vips = [...engine.vips.values()];
  return {
    vipNumbers: vips.map(({ key }) => key).sort(),
    addressNumbers: [...new Set(vips.map(({ vip: { address } }) => address))].sort(),
    backendIndexes: vips
      .flatMap(({ key, backends }) => [...backends.values()].map((live) => `${key}/${live.address} ${live.encap.type}`))
      .sort(),
  };
}

// --- all or none -------------------------------------------------------------------------------------

const FIRST = [vip(80), backend(1), backend(2)];
const EXHAUSTED: [option: string, core: Core, changes: Change[], message: RegExp][] = [
  [
    'tablesMiB',
    { tablesMiB: 1 },
    [backend(3), vip(81, 5_000_011), backend(1, 81)],
    /^memory for tables has no \d+ bytes together left, \d+ of 1048576 are used; raise tablesMiB$/,
  ],
  [
    'backendsMax',
    { backendsMax: 4 },
    [backend(3), vip(81), backend(1, 81), backend(2, 81), backend(3, 81)],
    /^backends: 4 are in use or rest after use; raise backendsMax$/,
  ],
  [
    'vipsMax',
    { vipsMax: 2 },
    [backend(3), vip(81), vip(82), backend(1, 82)],
    /^VIPs: 2 are in use or rest after use; raise vipsMax$/,
  ],
];
for (const [option, core, changes, message] of EXHAUSTED) {
  Publish(`${option} exhausted: refused by name, and all is as it was`, async () => {
    const made = await bench(core, FIRST);
    const { engine } = made;
    const before = { digest: engine.digest(VIP), routes: routes(made), generation: engine.generation };
    const used = engine.publisher.arena.usedBytes;
    const keys = wantedKeys(engine);
    for (let i = 0; i < 3; i++) {
      const error = await rejection(engine.apply(changes));
      assert.is(error.code, 'ERR_LIMIT');
      assert.is(error.option, option);
      assert.match(error.message, message);
      assert.equal({ digest: engine.digest(VIP), routes: routes(made), generation: engine.generation }, before);
      assert.equal([...engine.vips.keys()], [VIP]);
      assert.is(engine.membership.vips.size, 1);
      assert.is(engine.publisher.arena.usedBytes, used);
      assert.equal(keysInUse(engine, 'vipNumbers'), keys.vipNumbers);
      assert.equal(keysInUse(engine, 'addressNumbers'), keys.addressNumbers);
      assert.equal(keysInUse(engine, 'backendIndexes'), keys.backendIndexes);
    }
  });

  Publish(`${option} exhausted: what was taken for it is free again for others`, async () => {
    const { engine, clock } = await bench(core, FIRST);
    await rejection(engine.apply(changes));
    clock.tick += IDLE_TICKS + 1;
    const { applied } = await engine.apply([vip(90), backend(1, 90), backend(2, 90)]);
    assert.is(applied.generation, 3);
    assert.equal([...engine.slots('tcp/192.0.2.90:80').values()], [255, 254]);
  });
}

Publish('a publication that is given up takes back that a backend was down', async () => {
  const made = await bench({ tablesMiB: 1 }, FIRST);
  const before = routes(made);
  await made.engine.apply([backend(3)]); // tracked slots, so that canServe is asked
  const after = routes(made);
  await rejection(made.engine.apply([backend(1, 80, { state: 'down' }), vip(81, 5_000_011), backend(1, 81)]));
  assert.equal(routes(made), after);
  assert.equal(after, before); // none of these were SYNs
  assert.is(made.engine.stats().events.flowHitDead, 0);
});

Publish('what moved is counted in slots, and a change of nothing publishes nothing', async () => {
  const { engine } = await bench({}, [vip(80), backend(1)]);
  assert.is(engine.generation, 2);
  const joined = await engine.apply([backend(2)]);
  assert.equal([joined.applied.generation, joined.applied.slotsMoved], [3, 254]);
  const again = await engine.apply([backend(2), vip(80)]);
  assert.equal([again.applied.generation, again.applied.slotsMoved], [3, 0]);
  const left = await engine.apply([{ remove: `${VIP}/10.0.80.2` }]);
  assert.equal([left.applied.generation, left.applied.slotsMoved], [4, 254]);
});

Publish('calls that overlap are applied one after the other, in their order', async () => {
  const { engine } = await bench({}, [vip(80)]);
  const outcomes = await Promise.all([
    engine.apply([backend(1)]),
    engine.tend(),
    engine.apply([backend(2)]),
    engine.apply([{ remove: `${VIP}/10.0.80.1` }]),
  ]);
  assert.equal(
    outcomes.flatMap((outcome) => ('applied' in outcome ? [outcome.applied.generation] : [])),
    [3, 4, 5],
  );
  assert.equal([...engine.slots(VIP)], [['10.0.80.2', 509]]);
});

// --- readers -----------------------------------------------------------------------------------------

function setEpoch({ memory }: Engine, { record }: CellWorker, epoch: number): void {
  Atomics.store(memory.words, (record + WORKER_EPOCH) / 4, epoch);
}

Publish(
  'a worker in the middle of a batch holds up the end of a publication, and what it reads is not freed',
  async () => {
    const { engine, worker } = await bench({}, FIRST);
    const before = engine.vips.get(VIP)?.record.table ?? 0;
    setEpoch(engine, worker, engine.generation); // as enter() does
    let isDone = false;
    const publication = engine.apply([backend(3)]).then(() => {
      isDone = true;
    });
    for (let i = 0; i < 20; i++) await setImmediate();
    assert.is(isDone, false);
    assert.is(engine.generation, 3, 'but a new batch sees the new state');
    const table = new Uint16Array(engine.memory.memory.buffer, before, 509);
    assert.ok(
      table.every((slot) => slot > 0),
      'the old table is whole',
    );
    assert.is.not(engine.publisher.arena.usedBytes, neededBytes(engine));
    setEpoch(engine, worker, EPOCH_IDLE);
    await publication;
    assert.is(engine.publisher.arena.usedBytes, neededBytes(engine));
  },
);

Publish('a worker that is in a batch of the new state holds up nothing', async () => {
  const { engine, worker } = await bench({}, FIRST);
  const publication = engine.apply([backend(3)]);
  setEpoch(engine, worker, 3);
  await publication;
  setEpoch(engine, worker, EPOCH_IDLE);
});

Publish('a worker that died in a batch is forgotten', async () => {
  const { engine, worker } = await bench({}, FIRST);
  setEpoch(engine, worker, engine.generation);
  const publication = engine.apply([backend(3)]);
  await setImmediate();
  engine.publisher.roots.forgetWorker(0);
  await publication;
  assert.is(engine.generation, 3);
});

Publish('generations go round past the number that means idle', async () => {
  const made = await bench({}, []);
  const { memory } = made.engine;
  const word = (memory.region(REGION_CONTROL).base + CONTROL_GENERATION) / 4;
  Atomics.store(memory.words, word, -1); // 2^32 - 1, odd as the 1 it was
  assert.is((await made.engine.apply(FIRST)).applied.generation, 2);
  assert.ok(routes(made).every((address) => address !== undefined));
  assert.is((await made.engine.apply([backend(3)])).applied.generation, 3);
});

// --- the long run ------------------------------------------------------------------------------------

/** One to four changes of chance, some of which are refused, some of which fail for a limit. */
function someChanges({ int, pick }: Random): Change[] {
  return Array.from({ length: 1 + int(4) }, (): Change => {
    const last = 80 + int(4);
    const member = 1 + int(6);
    const dice = int(20);
    if (dice === 0) return { remove: `tcp/192.0.2.${last}:80` };
    if (dice < 4) {
      const { put } = vip(last, pick([7, 101, 509, 509, 1021, 65_537, 5_000_011])) as { put: Vip };
      const source = { routeBy: ['source'], sourceRoutes: { '198.51.0.0/17': `10.0.${last}.${member}` } } as const;
      return { put: { ...put, ...(pick([{}, { routeBy: ['tcp-option'] }, source]) as Partial<Vip>) } };
    }
    if (dice < 7) return { remove: `tcp/192.0.2.${last}:80/10.0.${last}.${member}` };
    const encap = pick([{}, {}, { encap: { type: 'ipip' } }] as const);
    const state = pick(['active', 'active', 'draining', 'down'] as const);
    return {
      put: {
        vip: `tcp/192.0.2.${last}:80`,
        address: `10.0.${last}.${member}`,
        state,
        weight: int(4),
        serverId: 1 + int(9),
        ...encap,
      },
    };
  });
}

Publish('200 publications of chance leak nothing', () =>
  withSeeds([1, 2, 3], async (chance) => {
    const made = await bench({ tablesMiB: 4, backendsMax: 64 }, []);
    const { engine, clock } = made;
    let failed = 0;
    for (let i = 0; i < 200; i++) {
      const outcome = await engine.apply(someChanges(chance)).catch((error: unknown) => error);
      if (outcome instanceof Error) {
        assert.is((outcome as MaglevError).code, 'ERR_LIMIT');
        failed++;
      }
      routes(made);
      clock.tick += chance.int(3) === 0 ? IDLE_TICKS + 1 : chance.int(3);
      if (chance.int(4) === 0) await engine.tend();
      assert.is(engine.publisher.arena.usedBytes, neededBytes(engine), `publication ${i}`);
      const wanted = wantedKeys(engine);
      assert.equal(keysInUse(engine, 'vipNumbers'), wanted.vipNumbers, `publication ${i}`);
      assert.equal(keysInUse(engine, 'addressNumbers'), wanted.addressNumbers, `publication ${i}`);
      assert.equal(keysInUse(engine, 'backendIndexes'), wanted.backendIndexes, `publication ${i}`);
    }
    assert.ok(failed > 0 && failed < 150, `${failed} of 200 failed for a limit`);
    await engine.apply([...engine.vips.keys()].map((key) => ({ remove: key })));
    assert.is(engine.publisher.arena.usedBytes, 0);
    assert.equal(keysInUse(engine, 'vipNumbers'), []);
    assert.equal(keysInUse(engine, 'addressNumbers'), []);
  }),
);

/** Next hops are the business of the engine's owner. */
async function remove(engine: Engine, address: string): Promise<void> {
  await engine.apply([{ remove: `${VIP}/${address}` }]);
  engine.nextHops.release(address, engine.now());
}

Publish('the index of a backend that left is not given out before the longest timeout is over', async () => {
  const { engine, clock } = await bench({ backendsMax: 2 }, FIRST);
  const indexOf = (address: string): number | undefined => engine.vips.get(VIP)?.backends.get(address)?.index;
  const index = indexOf('10.0.80.1');
  await remove(engine, '10.0.80.1');
  clock.tick += IDLE_TICKS;
  assert.is((await rejection(engine.apply([backend(3)]))).option, 'backendsMax');
  clock.tick += 1;
  await engine.apply([backend(3)]);
  assert.is(indexOf('10.0.80.3'), index);
});

Publish('a backend that returns in time has the index it had, and counts on; another one begins at 0', async () => {
  const made = await bench({ backendsMax: 2 }, FIRST);
  const { engine, clock } = made;
  const packets = (address: string): number => engine.stats().backends[`${VIP}/${address}`]?.packets ?? -1;
  routes(made);
  const before = packets('10.0.80.1');
  assert.ok(before > 20 && before < 80, `${before} of 100`);
  await remove(engine, '10.0.80.1');
  assert.is(packets('10.0.80.1'), -1);
  await engine.apply([backend(1)]);
  assert.is(packets('10.0.80.1'), before);
  await remove(engine, '10.0.80.1');
  clock.tick += IDLE_TICKS + 1;
  await engine.apply([backend(3)]);
  assert.is(packets('10.0.80.3'), 0);
});

Publish('indexes: 1 to max, the longest at rest first, one owner each', () => {
  const reused: number[] = [];
  const indexes = new Indexes(3, 'things', 'thingsMax', 10, (index) => reused.push(index));
  assert.equal(
    ['a', 'b', 'c'].map((key) => indexes.take(key, 0)),
    [1, 2, 3],
  );
  assert.is(indexes.take('b', 5), 2, 'who has one keeps it');
  assert.throws(() => indexes.take('d', 5), /^things: 3 are in use or rest after use; raise thingsMax$/);
  indexes.release('b', 5);
  indexes.release('a', 6);
  assert.throws(() => indexes.take('d', 15), /raise thingsMax/);
  assert.is(indexes.take('a', 15), 1, 'its own comes back at any time');
  assert.is(indexes.take('d', 16), 2);
  assert.equal(reused, [2]);
  indexes.release('nobody', 16);
  assert.is(indexes.get('d'), 2);
  assert.is(indexes.get('b'), undefined);
});

Publish('arena: pieces on cache lines that do not overlap; freed neighbours join', () =>
  withSeeds([1, 2], ({ int, pick }) => {
    const region = { base: 64_000, bytes: 64_000 };
    const arena = new Arena(region);
    const taken = new Map<number, number>();
    for (let i = 0; i < 500; i++) {
      const [first] = taken.keys();
      if (first !== undefined && int(2) === 0) {
        const base = pick([...taken.keys()]);
        arena.release(base);
        taken.delete(base);
      } else {
        const bytes = 1 + int(5000);
        try {
          taken.set(arena.allocate(bytes), bytes);
        } catch (error) {
          assert.is((error as MaglevError).code, 'ERR_LIMIT');
        }
      }
      const pieces = [...taken].sort(([a], [b]) => a - b);
      pieces.forEach(([base, bytes], k) => {
        assert.is(base % CACHE_LINE, 0);
        assert.ok(base >= region.base && base + bytes <= (pieces[k + 1]?.[0] ?? region.base + region.bytes));
      });
    }
    for (const base of taken.keys()) arena.release(base);
    assert.is(arena.usedBytes, 0);
    assert.is(arena.allocate(64_000), region.base, 'all of it is one piece again');
    assert.throws(() => arena.release(1), /arena: 1 is not taken/);
  }),
);

// --- several instances -------------------------------------------------------------------------------

Publish('a second instance on the same memory changes not one byte', async () => {
  const made = await bench({}, FIRST, 2);
  routes(made);
  const { memory, module } = made.engine;
  const before = memory.bytes.slice();
  bindHotPath(module, memory.memory, 1);
  assert.is(Buffer.compare(before, memory.bytes), 0);
});

// Instantiates the module on the shared memory again and again, as a worker does when it starts.
const STARTER = `
  const { parentPort, workerData: { module, memory, times } } = require('node:worker_threads');
  for (let i = 0; i < times; i++) new WebAssembly.Instance(module, { env: { memory } }).exports.init(1);
  parentPort.postMessage('done');
`;

Publish('instances that start on another thread do not disturb one that forwards', async () => {
  const made = await bench({}, FIRST, 2);
  const expected = routes(made);
  const { module, memory } = made.engine;
  const workerData = { module, memory: memory.memory, times: 300 };
  const starter = new Worker(STARTER, { eval: true, workerData });
  let isDone = false;
  const done = once(starter, 'message').then(() => {
    isDone = true;
  });
  let rounds = 0;
  while (!isDone) {
    assert.equal(routes(made), expected);
    rounds++;
    await setImmediate();
  }
  await done;
  await starter.terminate();
  assert.ok(rounds > 1, `${rounds} rounds meanwhile`);
  const { verdicts } = made.engine.stats();
  assert.is(verdicts.DROP_NEXT_HOP_UNRESOLVED, 100 * (rounds + 1), 'every frame was counted once');
});

Publish.run();
