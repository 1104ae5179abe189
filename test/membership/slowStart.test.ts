// Slow start: steps against a model that counts seconds; tables that depend on records and time alone; flows that stay.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CONTROL_IDENTITY_KEY, REGION_CONTROL } from '../../assembly/layout.js';
import { type Backend, type Change, createHotPath, type HotPath } from '../../host/hotpath.js';
import { tableWeights } from '../../host/membership/build.js';
import { readDeclared } from '../../host/membership/declared.js';
import type { RecordMap } from '../../host/membership/difference.js';
import { beginRamps, changeWithSince, fullWeightMs, nextStepMs, rampStep } from '../../host/membership/slowStart.js';
import { rampedTable, stepAt } from '../model/slowStart.js';
import { engineOf, FakeClock, SMALL } from '../support/hotpath.js';
import { flowFrame } from '../support/packets.js';
import { random, withSeeds } from '../support/random.js';

const Slow = suite('membership/slowStart');
const VIP = 'tcp/192.0.2.80:80';
const SECRET = 'the secret of this fleet';
const NOON = 1_764_072_000_000;
const SLOTS = 4099;

const vip = (extra: object = {}): Change => ({
  put: { address: '192.0.2.80', protocol: 'tcp', port: 80, tableSize: SLOTS, ...extra },
});
const backend = (last: number, extra: Partial<Backend> = {}): Backend => ({
  vip: VIP,
  address: `10.0.1.${last}`,
  ...extra,
});
const put = (last: number, extra: Partial<Backend> = {}): Change => ({ put: backend(last, extra) });

/** A hot path whose wall clock is set by hand. */
async function hotPathAt(wall: { ms: number }, changes: Change[], options: object = {}): Promise<HotPath> {
  const hotPath = await createHotPath({ ...SMALL, hashSecret: SECRET, wallMs: () => wall.ms, ...options });
  await hotPath.apply(changes);
  return hotPath;
}

Slow('ten steps of equal length, each at a full second', () => {
  const of = (seconds: number, since: number) => ({ slowStart: { seconds, since } });
  const begins = (seconds: number, since: number): number[] => {
    const times: number[] = [];
    for (let now = since; ; ) {
      const next = nextStepMs(of(seconds, since), now);
      if (next === Number.POSITIVE_INFINITY) return times;
      times.push(next - since);
      now = next;
    }
  };
  assert.equal(
    begins(60, NOON),
    [1, 2, 3, 4, 5, 6, 7, 8, 9].map((tenth) => tenth * 6000),
  );
  // Since 0.25 s behind the full second: steps of 6 s end 0.75 s later than they would.
  assert.equal(begins(60, NOON + 250)[0], 6750);
  assert.equal(fullWeightMs(of(60, NOON + 250)), NOON + 55_000);
  // A ramp of a second: what is over by the next full second, then the rest.
  assert.equal(begins(1, NOON + 250), [750, 1750]);
  assert.equal(
    [NOON - 1, NOON, NOON + 5999, NOON + 6000, NOON + 53_999, NOON + 54_000].map((now) => rampStep(of(60, NOON), now)),
    [1, 1, 1, 2, 9, 10],
  );
  assert.is(rampStep({}, NOON), 10);
  assert.is(rampStep({ slowStart: { seconds: 60 } }, NOON), 10); // nobody said since when
});

Slow('steps are those of the model', async () => {
  await withSeeds([1, 2, 3], ({ int }) => {
    for (let round = 0; round < 300; round++) {
      const since = NOON + int(100_000);
      const seconds = 1 + int(int(4) === 0 ? 3600 : 90);
      const now = since + int(1.2 * seconds * 1000) - 500;
      const of = backend(1, { slowStart: { seconds, since } });
      assert.is(rampStep(of, now), stepAt(of, now), `${seconds} s since ${since} at ${now}`);
      const next = nextStepMs(of, now);
      if (next === Number.POSITIVE_INFINITY) continue;
      assert.is(stepAt(of, next - 1), stepAt(of, now));
      assert.ok(stepAt(of, next) > stepAt(of, now));
    }
  });
});

Slow('weights count in tenths, exactly, while one of them rises; in whole ones where tenths do not fit', () => {
  const native = { name: 'native' } as const;
  assert.equal(tableWeights([{ weight: 1 }, { weight: 3 }], native), [1, 3]);
  assert.equal(tableWeights([{ weight: 1, step: 3 }, { weight: 3 }], native), [3, 30]);
  assert.equal(tableWeights([{ weight: 1, step: 3 }, { weight: 6553 }], native), [3, 65530]);
  assert.equal(tableWeights([{ weight: 1, step: 3 }, { weight: 6554 }], native), [1, 6554]);
  assert.equal(tableWeights([{ weight: 100, step: 3 }, { weight: 100 }], { name: 'cilium' }), [30, 100]);
  assert.equal(tableWeights([{ weight: 1, step: 3 }, { weight: 1 }], { name: 'katran-v1' }), [1, 1]);
});

Slow('a backend that joins gets a tenth of its share first, and all of it in the tenth step', async () => {
  const wall = { ms: NOON };
  const hotPath = await hotPathAt(wall, [vip(), put(1), put(2), put(3)]);
  await hotPath.apply([put(4, { slowStart: { seconds: 10 } })]);
  const slotsAt: (number | undefined)[] = [];
  for (let step = 1; step <= 10; step++, wall.ms += 1000) {
    await hotPath.tend();
    slotsAt.push(hotPath.slots(VIP).get('10.0.1.4'));
  }
  // 4099 * k / (30 + k), by largest remainders.
  assert.equal(slotsAt, [132, 256, 373, 482, 586, 683, 775, 863, 946, 1024]);
  const whole = await hotPathAt(wall, [vip(), put(1), put(2), put(3), put(4)]);
  assert.is(hotPath.digest(VIP), whole.digest(VIP));
});

Slow(
  'a table is a function of records and time: whoever follows and whoever starts late agree, and so does the model',
  async () => {
    await withSeeds([11, 12, 13, 14], async ({ int, pick }) => {
      const wall = { ms: NOON + int(1000) };
      const follower = await hotPathAt(wall, [vip()]);
      const records = new Map<string, Backend>();
      for (let round = 0; round < 14; round++) {
        const last = 1 + int(12);
        const weight = pick([1, 2, 7, 100, 6553, 65535]);
        const slowStart = { seconds: 1 + int(40), since: wall.ms - int(5000) };
        const record = backend(last, int(3) === 0 ? { weight } : { weight, slowStart });
        records.set(record.address, record);
        await follower.apply([{ put: record }]);
        wall.ms += int(9000);
        await follower.tend();
        const changes = [...records.values()].map((record): Change => ({ put: record })).reverse();
        const late = await hotPathAt(wall, [...changes, vip()]);
        assert.is(late.digest(VIP), follower.digest(VIP), `round ${round}`);
        const engine = engineOf(follower);
        const key = engine.memory.bytes.slice(
          engine.memory.region(REGION_CONTROL).base + CONTROL_IDENTITY_KEY,
          engine.memory.region(REGION_CONTROL).base + CONTROL_IDENTITY_KEY + 16,
        );
        const { order, places } = engine.table(VIP);
        const table = [...places].map((place) => order[place - 1]);
        assert.equal(table, rampedTable([...records.values()], wall.ms, SLOTS, key), `round ${round}`);
      }
    });
  },
);

Slow('backends that were told together take their steps in one publication, each second at most one', async () => {
  const wall = { ms: NOON };
  const hotPath = await hotPathAt(wall, [vip(), put(1), put(2)]);
  const engine = engineOf(hotPath);
  const slow = (last: number, since: number) => put(last, { slowStart: { seconds: 10, since } });
  await hotPath.apply([slow(3, NOON + 20), slow(4, NOON + 400), slow(5, NOON + 999)]);
  assert.is(engine.nextStepMs, NOON + 2000);
  const { generation } = engine;
  wall.ms = NOON + 1999;
  assert.equal((await engine.takeSteps()).vips, []);
  wall.ms = NOON + 2000;
  assert.equal((await engine.takeSteps()).vips, [VIP]);
  assert.is(engine.generation - generation, 1);
  assert.equal((await engine.takeSteps()).vips, []);
  assert.equal(
    [...(engine.vips.get(VIP)?.steps ?? [])],
    [
      ['10.0.1.3', 2],
      ['10.0.1.4', 2],
      ['10.0.1.5', 2],
    ],
  );
});

Slow('a plan says what moves first, and what will have moved; status and explain know the step', async () => {
  const wall = { ms: NOON };
  const nextHops = { '10.0.1.1': '02:00:00:00:01:01', '10.0.1.2': '02:00:00:00:01:02' };
  const hotPath = await hotPathAt(wall, [vip(), put(1)], { nextHops });
  const [plan] = hotPath.plan([put(2, { slowStart: { seconds: 600 } })]);
  const slotsOf = (rows: readonly { address: string; slotsAfter: number }[] | undefined): unknown =>
    rows?.map(({ address, slotsAfter }) => [address, slotsAfter]);
  // 1 to 10 of 4099: 372.6; then a half.
  assert.equal(slotsOf(plan?.backends), [
    ['10.0.1.1', 3726],
    ['10.0.1.2', 373],
  ]);
  assert.is(plan?.slotsMoved, 373);
  assert.is(plan?.afterSlowStart?.atMs, NOON + 540_000);
  assert.equal(slotsOf(plan?.afterSlowStart?.backends), [
    ['10.0.1.1', 2050],
    ['10.0.1.2', 2049],
  ]);
  assert.is(plan?.afterSlowStart?.slotsMoved, 2049);
  const { slotsMoved } = await hotPath.apply([put(2, { slowStart: { seconds: 600 } })]);
  assert.is(slotsMoved, 373);
  const told = Array.from({ length: 40 }, (_, port) => {
    const steps = hotPath.explain({
      protocol: 'tcp',
      source: '203.0.113.7',
      sourcePort: 1024 + port,
      destination: '192.0.2.80',
      destinationPort: 80,
      isSyn: true,
    });
    return steps.find(({ step }) => step === 'backend');
  });
  const slow = told.find((step) => step?.fields.backend === '10.0.1.2');
  assert.is(slow?.text, 'goes to backend 10.0.1.2, which is in step 1 of 10 of its slow start');
  assert.is(slow?.fields.slowStartStep, 1);
});

Slow('panic looks at what records weigh, not at steps', async () => {
  const wall = { ms: NOON };
  const slow = put(2, { weight: 10, slowStart: { seconds: 600, since: NOON } });
  const hotPath = await hotPathAt(wall, [vip(), put(1, { weight: 10, state: 'draining' }), slow], { panicShare: 0.4 });
  assert.is(engineOf(hotPath).vips.get(VIP)?.panic, 'none');
  assert.equal([...hotPath.slots(VIP)], [['10.0.1.2', SLOTS]]);
});

Slow('no flow breaks on the way up, whatever step it began in', async () => {
  const wall = { ms: NOON };
  const clock = new FakeClock();
  const { int } = random(5);
  const hotPath = await hotPathAt(wall, [vip(), put(1), put(2), put(3)], {
    ...{ nowMs: clock.nowMs, tcpIdleTimeoutMs: 20_480, flowsMax: 65_536 },
  });
  const open = (client: number) => {
    const flow = { protocol: 'tcp', client, sourcePort: 1024 + int(60_000) } as const;
    const home = hotPath.forward(flowFrame({ ...flow, isSyn: true })).backend;
    hotPath.forward(flowFrame(flow));
    return { flow, home };
  };
  const flows = Array.from({ length: 500 }, (_, client) => open(client));
  await hotPath.apply([put(4, { slowStart: { seconds: 60 } }), put(5, { slowStart: { seconds: 45 } })]);
  let [broken, stepsTaken, generation] = [0, 0, engineOf(hotPath).generation];
  // 120 s: the ramps, and a learning window and more behind them. Every flow sends once in 12 s.
  for (let tick = 0; tick < 240; tick++) {
    clock.tick++;
    wall.ms += 512;
    if (flows.length < 2000) for (let i = 0; i < 10; i++) flows.push(open(flows.length));
    flows.forEach(({ flow, home }, i) => {
      if ((i + tick) % 24 === 0 && hotPath.forward(flowFrame(flow)).backend !== home) broken++;
    });
    if (tick % 2 === 0) await hotPath.tend();
    if (engineOf(hotPath).generation !== generation) stepsTaken++;
    generation = engineOf(hotPath).generation;
  }
  const onNew = flows.filter(({ home }) => home === '10.0.1.4' || home === '10.0.1.5').length;
  console.log(
    `${flows.length} flows, ${onNew} of them on the new backends, ${stepsTaken} publications, ${broken} broken`,
  );
  assert.is(broken, 0);
  assert.is(flows.length, 2000);
  assert.ok(onNew > 200, `${onNew}`);
  assert.is(stepsTaken, 16); // 9 and 9, of which those at 18 s and at 36 s are one
  const whole = await hotPathAt(wall, [vip(), put(1), put(2), put(3), put(4), put(5)]);
  assert.is(hotPath.digest(VIP), whole.digest(VIP));
});

Slow('who says since when: the record, else who tells it; a file goes on with a ramp that it says as before', () => {
  const slowStart = { seconds: 60 };
  assert.equal(changeWithSince(put(1, { slowStart }), 7), put(1, { slowStart: { seconds: 60, since: 7 } }));
  const stated = put(1, { slowStart: { seconds: 60, since: 3 } });
  assert.is(changeWithSince(stated, 7), stated);
  for (const other of [put(1), vip(), { remove: VIP }, null, { put: 7 }] as Change[])
    assert.is(changeWithSince(other, 7), other);

  const read = (weight: number): RecordMap => {
    const text = `vips: [{ vip: '${VIP}', backends: [{ address: 10.0.1.1, weight: ${weight}, slowStart: 60 }, 10.0.1.2] }]`;
    return readDeclared(text, 'members.yaml').records as RecordMap;
  };
  const sinceIn = (records: RecordMap): unknown => {
    const record = records.get(`${VIP}/10.0.1.1`);
    return record?.kind === 'backend' && record.backend.slowStart?.since;
  };
  const first = beginRamps(read(2), new Map(), 1000);
  assert.is(sinceIn(first), 1000);
  const second = beginRamps(read(2), first, 2000);
  assert.is(sinceIn(second), 1000);
  assert.is(sinceIn(beginRamps(read(3), second, 3000)), 3000);
});

Slow.run();
