// A large change goes live in pieces, the most used VIPs first; what there is no room for takes no other with it.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Engine, Stages } from '../../host/engine.js';
import type { Change, Core } from '../../host/hotpath.js';
import { inPieces } from '../../host/membership/pieces.js';
import { applyChanges, EMPTY_STATE } from '../../host/membership/state.js';
import { flowFrame } from '../support/packets.js';
import { CellWorker, createEngine } from '../support/worker.js';

const Pieces = suite('membership/pieces');

const IDLE_TICKS = 20;
const SECRET = 'a secret of 16 bytes';
const key = (n: number) => `tcp/192.0.2.${n}:80`;
const vip = (n: number, extra: object = {}): Change => ({
  put: { address: `192.0.2.${n}`, protocol: 'tcp', port: 80, tableSize: 65_537, ...extra },
});
const backend = (n: number, last = 1): Change => ({ put: { vip: key(n), address: `10.0.${n}.${last}` } });
const both = (n: number, extra: object = {}): Change[] => [vip(n, extra), backend(n)];
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

interface Told {
  prepared: string[][];
  live: [generation: number, keys: string[]][];
  failed: string[][];
}

function engineOf(core: Core): { engine: Engine; clock: { tick: number }; stages: Stages; told: Told } {
  const clock = { tick: 1000 };
  const times = { tcpIdleTimeoutMs: IDLE_TICKS * 512, udpIdleTimeoutMs: 5 * 512 };
  const limits = { vipsMax: 64, backendsMax: 128, tablesMiB: 32 };
  const engine = createEngine({ hashSecret: SECRET, ...times, ...limits, ...core }, 1, () => clock.tick);
  const told: Told = { prepared: [], live: [], failed: [] };
  const stages: Stages = {
    prepare: (_, keys) => void told.prepared.push([...keys]),
    settle: (_, keys, applied) => {
      if (applied === undefined) told.failed.push([...keys]);
      else told.live.push([applied.generation, [...keys]]);
    },
  };
  return { engine, clock, stages, told };
}

Pieces('eight tables of 65537 slots, then twice as many each time; what goes takes no room', () => {
  const { state } = applyChanges(EMPTY_STATE, [...numbers(40).map((n) => vip(n)), vip(41, { tableSize: 5_000_011 })]);
  const sizes = (keys: string[]) => [...inPieces(state, keys)].map((piece) => piece.length);
  assert.equal(sizes(numbers(40).map(key)), [8, 16, 16]);
  assert.equal(sizes([...numbers(40).map((n) => key(100 + n)), ...numbers(8).map(key)]), [48]);
  assert.equal(sizes([key(41), ...numbers(18).map(key)]), [1, 16, 2]);
  assert.equal(sizes([key(1), key(41), key(2)]), [1, 1, 1]);
  assert.equal(sizes([]), []);
});

Pieces(
  'a start: each piece is live before the next is prepared, and all is the same as in one publication',
  async () => {
    const changes = numbers(30).flatMap((n) => both(n));
    const { engine, stages, told } = engineOf({});
    const { applied, shortages } = await engine.apply(changes, { isGradual: true }, stages);
    assert.equal(
      told.live.map(([generation, keys]) => [generation, keys.length]),
      [
        [2, 8],
        [3, 16],
        [4, 6],
      ],
    );
    assert.equal(
      told.live.flatMap(([, keys]) => keys),
      numbers(30).map(key),
    );
    assert.equal(
      told.prepared,
      told.live.map(([, keys]) => keys),
    );
    assert.equal([applied.generation, applied.slotsMoved, shortages], [4, 0, []]);
    const whole = engineOf({}).engine;
    await whole.apply(changes);
    for (const n of numbers(30)) assert.is(engine.digest(key(n)), whole.digest(key(n)));
  },
);

Pieces('the most used first, and before them those that go', async () => {
  const { engine, stages, told } = engineOf({});
  await engine.apply(numbers(12).flatMap((n) => both(n)));
  const worker = new CellWorker(engine, 0);
  const sends = [0, 3, 0, 9, 0, 0, 0, 0, 0, 0, 5, 0, 0];
  for (const n of numbers(12)) {
    for (let i = 0; i < (sends[n] ?? 0); i++) {
      const frame = flowFrame({ protocol: 'tcp', client: i, sourcePort: 1000 + i, destination: [192, 0, 2, n] });
      assert.match(worker.forward(frame).verdict, /^FORWARD_|^DROP_NEXT_HOP/);
    }
  }
  const changes = [...numbers(11).map((n) => backend(n, 2)), { remove: key(12) }];
  await engine.apply(changes, { isGradual: true }, stages);
  const order = told.live.flatMap(([, keys]) => keys);
  assert.equal(order.slice(0, 5), [key(12), key(3), key(10), key(1), key(2)]);
  assert.is(order.length, 12);
});

const SHORT: [option: string, core: Core, tooMuch: Change[]][] = [
  ['tablesMiB', { tablesMiB: 2 }, both(9, { tableSize: 5_000_011 })],
  ['backendsMax', { backendsMax: 12 }, [vip(9), ...numbers(20).map((last) => backend(9, last))]],
];
for (const [option, core, tooMuch] of SHORT) {
  Pieces(
    `${option}: the VIP that there is no room for waits, named once; the others are live; it is tried again`,
    async () => {
      const { engine, clock, stages, told } = engineOf(core);
      const small = numbers(5).flatMap((n) => both(n));
      const outcome = await engine.apply([...tooMuch, ...small], { isGradual: true }, stages);
      assert.equal([...engine.vips.keys()].sort(), numbers(5).map(key));
      assert.equal(engine.unpublished, [key(9)]);
      assert.is(engine.membership.vips.size, 6);
      assert.equal(
        outcome.shortages.map(({ code, option: name }) => [code, name]),
        [['ERR_LIMIT', option]],
      );
      assert.match(
        outcome.shortages[0]?.message ?? '',
        new RegExp(`^VIP ${key(9)}: not live as the records say: .*; raise ${option}$`),
      );
      assert.ok(told.failed.some((keys) => keys.length === 1 && keys[0] === key(9)));
      const again = await engine.apply([backend(1, 2)], { isGradual: true }, stages);
      assert.equal(again.shortages, []);
      await engine.retry(stages);
      assert.equal(engine.unpublished, [key(9)]);
      // Its table of 131 KB, or its one backend, has room.
      await engine.apply([vip(9), ...tooMuch.slice(2).map((change) => ({ remove: removed(change) }))], {
        isGradual: true,
      });
      clock.tick += IDLE_TICKS + 1;
      await engine.retry(stages);
      assert.equal(engine.unpublished, []);
      assert.equal([...engine.vips.keys()].sort(), [...numbers(5), 9].map(key));
    },
  );
}

Pieces('many that there is no room for are one error', async () => {
  const { engine } = engineOf({ backendsMax: 10 });
  const { shortages } = await engine.apply(
    numbers(30).flatMap((n) => both(n)),
    { isGradual: true },
  );
  assert.equal(shortages.length, 1);
  assert.match(
    shortages[0]?.message ?? '',
    /^VIP .* and 19 more: not live as the records say: backends: 10 are in use/,
  );
  assert.is(engine.vips.size, 10);
});

Pieces('by default all is live in one publication, or nothing', async () => {
  const { engine, stages, told } = engineOf({ backendsMax: 10 });
  await engine
    .apply(
      numbers(30).flatMap((n) => both(n)),
      {},
      stages,
    )
    .then(
      () => assert.unreachable('it was applied'),
      (error: { code: string }) => assert.is(error.code, 'ERR_LIMIT'),
    );
  assert.equal([engine.generation, engine.vips.size, engine.membership.vips.size], [1, 0, 0]);
  assert.equal(
    told.failed.map((keys) => keys.length),
    [30],
  );
});

function removed(change: Change): string {
  if (!('put' in change) || !('vip' in change.put)) throw new Error('expected a backend');
  return `${change.put.vip}/${change.put.address}`;
}

Pieces.run();
