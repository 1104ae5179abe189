// Flow continuity, one story a test. Two backends, a clock that is moved by hand, and flows chosen by where they go.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Backend, createHotPath, type HotPath, type HotPathOptions, type Tracking } from '../../host/hotpath.js';
import { engineOf, FakeClock, SMALL } from '../support/hotpath.js';
import { flowFrame } from '../support/packets.js';
import { CellWorker, createEngine } from '../support/worker.js';

const Tracked = suite('select/tracked');

const A = '10.0.1.1';
const B = '10.0.1.2';
const C = '10.0.1.3';
const IDLE_TICKS = 20;
const UDP_LEARN_TICKS = 8;
const FLOWS = 400;
const TIMES = {
  tcpIdleTimeoutMs: IDLE_TICKS * 512,
  udpIdleTimeoutMs: IDLE_TICKS * 512,
  udpLearnMs: UDP_LEARN_TICKS * 512,
};

/** A hot path with one VIP, its clock, and the three packets of a client. */
class Story {
  private constructor(
    readonly protocol: 'tcp' | 'udp',
    readonly hotPath: HotPath,
    readonly clock: FakeClock,
  ) {}

  static async begin(
    backends: Omit<Backend, 'vip'>[],
    options: HotPathOptions & { protocol?: 'tcp' | 'udp'; tracking?: Tracking } = {},
  ): Promise<Story> {
    const { protocol = 'tcp', tracking = 'changed', ...rest } = options;
    const clock = new FakeClock();
    const hotPath = await createHotPath({
      ...SMALL,
      ...TIMES,
      hashSecret: 'a secret of 16 bytes',
      nowMs: clock.nowMs,
      ...rest,
    });
    const story = new Story(protocol, hotPath, clock);
    const vip = { address: '192.0.2.80', protocol, port: 80, tableSize: 509, tracking };
    await hotPath.apply([{ put: vip }, ...backends.map((backend) => ({ put: { vip: story.vip, ...backend } }))]);
    return story;
  }

  get vip(): string {
    return `${this.protocol}/192.0.2.80:80`;
  }

  /** Backend that a client's first packet is sent to. */
  syn(client: number): string | undefined {
    return this.send(client, true);
  }

  /** Backend that a packet in the middle of a client's flow (or any UDP packet) is sent to. */
  data(client: number): string | undefined {
    return this.send(client, false);
  }

  async put(...backends: Omit<Backend, 'vip'>[]): Promise<number> {
    const { slotsMoved } = await this.hotPath.apply(
      backends.map((backend) => ({ put: { vip: this.vip, ...backend } })),
    );
    return slotsMoved;
  }

  async remove(address: string): Promise<void> {
    await this.hotPath.apply([{ remove: `${this.vip}/${address}` }]);
  }

  wait(ticks: number): void {
    this.clock.tick += ticks;
  }

  tend(): Promise<{ vip: string; backend: string }[]> {
    return this.hotPath.tend();
  }

  get trackedCount(): number {
    return engineOf(this.hotPath).countTracked(this.vip);
  }

  get events(): Record<string, number> {
    return this.hotPath.stats().events;
  }

  private send(client: number, isSyn: boolean): string | undefined {
    return this.hotPath.forward(flowFrame({ protocol: this.protocol, client, sourcePort: 1024 + client, isSyn }))
      .backend;
  }
}

const CLIENTS = Array.from({ length: FLOWS }, (_, client) => client);

/** Clients by the backend that `where` says for each. */
function clientsOf(where: (client: number) => string | undefined, backend: string): number[] {
  return CLIENTS.filter((client) => where(client) === backend);
}

/** A alone, then B joins: the clients that B would get, none of whom has sent anything since. */
async function joined(
  options: HotPathOptions & { protocol?: 'tcp' | 'udp'; tracking?: Tracking } = {},
): Promise<{ story: Story; moved: number[] }> {
  const probe = await Story.begin([{ address: A }, { address: B }], { ...options, tracking: 'none' });
  const moved = clientsOf((client) => probe.data(client), B);
  assert.ok(moved.length > FLOWS / 4, `${moved.length} of ${FLOWS} clients move`);
  const story = await Story.begin([{ address: A }], options);
  await story.put({ address: B });
  return { story, moved };
}

Tracked('a change tracks the slots that moved and no others', async () => {
  const { story } = await joined();
  assert.is(story.trackedCount, 254); // half of 509 went to B, and A has the odd one
});

Tracked('a SYN after a change goes to the new backend, and its ACK stays there', async () => {
  const { story, moved } = await joined();
  for (const client of moved) {
    assert.is(story.syn(client), B);
    assert.is(story.data(client), B);
  }
});

Tracked('a packet in the middle of a flow stays on the previous backend, as long as the flow lives', async () => {
  const { story, moved } = await joined();
  for (let i = 0; i < 10; i++) {
    for (const client of moved) assert.is(story.data(client), A);
    story.wait(IDLE_TICKS); // as long as a flow may be silent: 200 ticks in all
    await story.tend();
  }
  assert.is(story.events.previousTaken, moved.length);
});

Tracked('clients whose slots did not move are not asked about', async () => {
  const { story, moved } = await joined();
  const others = CLIENTS.filter((client) => !moved.includes(client));
  for (const client of others) assert.is(story.data(client), A);
  const { flowHit, flowMissSyn, flowMissNonSyn, flowInsert } = story.events;
  assert.equal([flowHit, flowMissSyn, flowMissNonSyn, flowInsert], [0, 0, 0, 0]);
});

Tracked('after the learning window an unknown flow goes to the new backend; at its last tick not yet', async () => {
  const { story, moved } = await joined();
  const [first = 0, second = 0] = moved;
  story.wait(IDLE_TICKS); // a flow silent just before the change may still live
  assert.is(story.data(first), A);
  story.wait(1);
  assert.is(story.data(second), B);
});

Tracked('UDP: its own learning window, then the new backend; flows that were learned stay', async () => {
  const { story, moved } = await joined({ protocol: 'udp' });
  const [first = 0, second = 0] = moved;
  story.wait(UDP_LEARN_TICKS - 1);
  assert.is(story.data(first), A);
  story.wait(1);
  assert.is(story.data(second), B);
  for (let i = 0; i < 5; i++) {
    assert.is(story.data(first), A);
    story.wait(IDLE_TICKS);
    await story.tend();
  }
  assert.is(story.data(first), A);
});

Tracked(
  'slots are released when the window is over and no flow was on the previous backend for an idle time',
  async () => {
    const { story, moved } = await joined();
    const [last = 0] = moved;
    story.wait(IDLE_TICKS);
    await story.tend();
    assert.is(story.trackedCount, 254);
    assert.is(story.data(last), A); // keeps its one slot
    story.wait(1);
    await story.tend();
    assert.is(story.trackedCount, 1);
    story.wait(IDLE_TICKS);
    await story.tend();
    assert.is(story.trackedCount, 0);
    assert.is(story.data(last), B); // its time was over
  },
);

Tracked('a draining backend is reported once, when its last flow is over', async () => {
  const { story, moved } = await joined();
  story.wait(2 * IDLE_TICKS);
  await story.tend();
  await story.put({ address: B, state: 'draining' });
  const [flow = 0, other = 0] = moved;
  assert.is(story.data(flow), B);
  assert.is(story.syn(other), A); // no new ones
  story.wait(IDLE_TICKS);
  assert.equal(await story.tend(), []);
  assert.is(story.data(flow), B);
  story.wait(IDLE_TICKS);
  assert.equal(await story.tend(), []);
  story.wait(1);
  assert.equal(await story.tend(), [{ vip: story.vip, backend: B }]);
  story.wait(100);
  assert.equal(await story.tend(), []);
});

Tracked('one that drains again is reported again', async () => {
  const { story } = await joined();
  for (let i = 0; i < 2; i++) {
    await story.put({ address: B, weight: 0 }); // the same as draining
    story.wait(2 * IDLE_TICKS);
    assert.equal(await story.tend(), [{ vip: story.vip, backend: B }]);
    await story.put({ address: B });
  }
});

Tracked('a drain that begins with nothing to hold on to is over at once: weight 0 from the start', async () => {
  const story = await Story.begin([{ address: A }, { address: B, weight: 0 }]);
  assert.equal(await story.tend(), [{ vip: story.vip, backend: B }]);
});

Tracked('down moves its flows at once; draining ones stay', async () => {
  const { story, moved } = await joined();
  for (const client of moved) story.syn(client); // they live on B
  await story.put({ address: B, state: 'draining' });
  for (const client of moved) assert.is(story.data(client), B);
  await story.put({ address: B, state: 'down' });
  for (const client of moved) assert.is(story.data(client), A);
});

Tracked('a record that is removed loses its flows at once', async () => {
  const { story, moved } = await joined();
  for (const client of moved) story.syn(client);
  await story.remove(B);
  for (const client of moved) assert.is(story.data(client), A);
});

Tracked('who went down and returns does not call back the flows that live elsewhere now', async () => {
  // B's flows are known while their slots are tracked; the slots are released; B goes down, and its slots, not tracked,
  // send the flows to A without a word to the flow table. When B returns, that still said B.
  const { story, moved } = await joined();
  story.wait(IDLE_TICKS + 1);
  for (const client of moved) assert.is(story.syn(client), B);
  await story.tend();
  assert.is(story.trackedCount, 0);
  await story.put({ address: B, state: 'down' });
  for (const client of moved) assert.is(story.data(client), A);
  await story.put({ address: B, state: 'active' });
  for (const client of moved) assert.is(story.data(client), A);
});

Tracked('a second change leaves the previous backend alone and begins the window again', async () => {
  const { story, moved } = await joined();
  story.wait(IDLE_TICKS);
  await story.put({ address: C, weight: 65_535 }); // nearly every slot
  story.wait(IDLE_TICKS); // the first window is over, the second is not
  const still = clientsOf((client) => (moved.includes(client) ? story.data(client) : undefined), A);
  assert.is(still.length, moved.length);
});

Tracked('a backend that changes its encapsulation keeps its flows', async () => {
  const { story, moved } = await joined();
  for (const client of moved) assert.is(story.data(client), A);
  await story.put({ address: A, encap: { type: 'ipip' } });
  for (const client of moved) assert.is(story.data(client), A);
});

Tracked('an index that goes to another backend is nobody’s previous one', async () => {
  // With room for two records, C gets the index that A had; A was the previous backend of the moved slots.
  const { story, moved } = await joined({ backendsMax: 2 });
  const [flow = 0] = moved;
  await story.remove(A);
  for (let i = 0; i < 3; i++) {
    story.wait(IDLE_TICKS);
    assert.is(story.data(flow), B); // B is new there: this keeps no slot tracked
  }
  await story.put({ address: C });
  assert.is(engineOf(story.hotPath).vips.get(story.vip)?.backends.get(C)?.index, 1);
  const hitC = moved.filter((client) => story.data(client) === C);
  assert.equal(hitC, []); // C has nobody's flows yet
});

Tracked('tracking none: packets go where the table says, always', async () => {
  const { story, moved } = await joined({ tracking: 'none' });
  for (const client of moved) assert.is(story.data(client), B);
  assert.is(story.trackedCount, 0);
  assert.is(story.events.flowInsert, 0);
});

Tracked('tracking all: every slot is tracked, and stays so', async () => {
  const story = await Story.begin([{ address: A }, { address: B }], { tracking: 'all' });
  assert.is(story.trackedCount, 509);
  story.wait(3 * IDLE_TICKS);
  await story.tend();
  assert.is(story.trackedCount, 509);
  const first = new Map(CLIENTS.map((client) => [client, story.syn(client)]));
  assert.is(story.events.flowInsert, FLOWS);
  await story.put({ address: C });
  for (const client of CLIENTS) assert.is(story.data(client), first.get(client));
  await story.put({ address: A, state: 'draining' }, { address: B, state: 'draining' });
  story.wait(IDLE_TICKS + 1);
  assert.equal((await story.tend()).map(({ backend }) => backend).sort(), [A, B]);
  assert.is(story.trackedCount, 509);
});

Tracked('a flood of SYNs, ten for each place in the flow table, breaks no confirmed flow', async () => {
  const { story, moved } = await joined({ flowsMax: 1024 });
  const living = moved.slice(0, 100);
  for (const client of living) {
    assert.is(story.data(client), A);
    assert.is(story.data(client), A); // the second packet confirms it
  }
  for (let i = 0; i < 10_240; i++) story.syn(1000 + i);
  story.wait(IDLE_TICKS);
  for (const client of living) assert.is(story.data(client), A);
  story.wait(1);
  for (let i = 0; i < 10_240; i++) story.syn(20_000 + i);
  for (const client of living) assert.is(story.data(client), A);
  const { flowReplace = 0, flowInsert = 0 } = story.events;
  assert.ok(flowReplace > 1024, `${flowReplace} replaced`);
  assert.ok(flowInsert <= 1024, `${flowInsert} inserted`);
});

Tracked('a start with a draining backend: its flows stay with it, new ones go elsewhere', async () => {
  const before = await Story.begin([{ address: A }, { address: B }]);
  const flows = clientsOf((client) => before.syn(client), B);
  const after = await Story.begin([{ address: A }, { address: B, state: 'draining' }]); // knows nothing of before
  const [newcomer = 0, ...old] = flows;
  assert.is(after.syn(newcomer), A);
  assert.is(after.data(newcomer), A);
  for (const client of old) assert.is(after.data(client), B);
});

Tracked('panicShare: when too little weight is left, draining backends count as active again', async () => {
  const four = [A, B, C, '10.0.1.4'];
  const story = await Story.begin(
    four.map((address) => ({ address })),
    { panicShare: 0.5 },
  );
  const slots = (): (number | undefined)[] => four.map((address) => story.hotPath.slots(story.vip).get(address));
  await story.put({ address: A, state: 'draining' }, { address: B, state: 'draining' });
  assert.equal(slots(), [undefined, undefined, 255, 254]); // half is left: enough
  await story.put({ address: C, state: 'draining' });
  assert.equal(slots(), [128, 127, 127, 127]); // a quarter is not
  await story.put({ address: '10.0.1.4', state: 'down' });
  assert.equal(slots(), [170, 170, 169, undefined]);
  await story.put(...[A, B, C].map((address) => ({ address, state: 'down' as const })));
  assert.equal(slots(), [128, 127, 127, 127]); // all are down: all are tried
  await story.put({ address: A, state: 'active' }, { address: B, state: 'active' });
  assert.equal(slots(), [255, 254, undefined, undefined]);
});

Tracked('without panicShare a drain of all but one is a drain', async () => {
  const story = await Story.begin([{ address: A }, { address: B }, { address: C }]);
  await story.put({ address: A, state: 'draining' }, { address: B, state: 'draining' });
  assert.equal([...story.hotPath.slots(story.vip)], [[C, 509]]);
  await story.put({ address: C, state: 'draining' });
  assert.equal([...story.hotPath.slots(story.vip).keys()], [A, B, C]);
});

Tracked('what one worker learned, the others know', async () => {
  const clock = new FakeClock();
  const engine = createEngine({ ...TIMES, hashSecret: 'a secret of 16 bytes' }, 2, () => clock.tick);
  const vip = 'tcp/192.0.2.80:80';
  await engine.apply([
    { put: { address: '192.0.2.80', protocol: 'tcp', port: 80, tableSize: 509 } },
    { put: { vip, address: A } },
  ]);
  await engine.apply([{ put: { vip, address: B } }]);
  const [one, two] = [new CellWorker(engine, 0), new CellWorker(engine, 1)];
  const frame = (client: number, isSyn: boolean): Uint8Array =>
    flowFrame({ protocol: 'tcp', client, sourcePort: 1024 + client, isSyn });
  for (const client of CLIENTS) {
    const { backend } = one.forward(frame(client, true));
    assert.is(two.forward(frame(client, false)).backend, backend);
    assert.is(one.forward(frame(client, false)).backend, backend);
  }
  assert.is(engine.stats().verdicts.DROP_NEXT_HOP_UNRESOLVED, 3 * FLOWS);
});

Tracked.run();
