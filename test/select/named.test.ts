// Named flows beside those of the table: the flow table, tracked slots, drains, fragments and ICMP errors. One story a test.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Backend, createHotPath, type HotPath, type HotPathOptions, type Vip } from '../../host/hotpath.js';
import { vipKey } from '../../host/membership/key.js';
import { type ClientPacket, clientFrame } from '../support/clientPackets.js';
import { engineOf, FakeClock, SMALL } from '../support/hotpath.js';

const Named = suite('select/named');

const A = '10.0.1.1';
const B = '10.0.1.2';
const C = '10.0.1.3';
const IDLE_TICKS = 20;
const TIMES = { tcpIdleTimeoutMs: IDLE_TICKS * 512, udpIdleTimeoutMs: IDLE_TICKS * 512, udpLearnMs: 4 * 512 };
const CLIENTS = Array.from({ length: 200 }, (_, client) => `198.51.100.${client}`);

/** A hot path with one VIP and its clock. */
class Story {
  private constructor(
    readonly vip: Vip,
    readonly hotPath: HotPath,
    readonly clock: FakeClock,
  ) {}

  static async begin(
    fields: Partial<Vip>,
    backends: Omit<Backend, 'vip'>[],
    options: HotPathOptions = {},
  ): Promise<Story> {
    const vip: Vip = { address: '192.0.2.80', protocol: 'udp', port: 443, tableSize: 251, ...fields };
    const clock = new FakeClock();
    const secret = { hashSecret: 'a secret of 16 bytes' };
    const hotPath = await createHotPath({ ...SMALL, ...TIMES, ...secret, nowMs: clock.nowMs, ...options });
    const story = new Story(vip, hotPath, clock);
    await hotPath.apply([{ put: vip }]);
    await story.put(...backends);
    return story;
  }

  async put(...backends: Omit<Backend, 'vip'>[]): Promise<number> {
    const changes = backends.map((backend) => ({ put: { vip: vipKey(this.vip), ...backend } }));
    return (await this.hotPath.apply(changes)).slotsMoved;
  }

  /** Where a packet goes; `id` stands in its QUIC connection id, or TCP option. */
  send(source: string, id = 0, packet: Partial<ClientPacket> = {}): string | undefined {
    return this.hotPath.forward(this.frame(source, id, packet)).backend;
  }

  frame(source: string, id = 0, packet: Partial<ClientPacket> = {}): Uint8Array {
    const { address, protocol, port } = this.vip;
    const named = Buffer.alloc(9);
    named.writeUInt32BE((id === 0 ? 0 : (2 << 30) | id) >>> 0, 1);
    const option = Buffer.from([0xb7, 6, 0, 0, 0, 0, 1, 1]);
    option.writeUInt32LE(id, 2);
    return clientFrame({
      ...{ source, destination: address, protocol: protocol as 'tcp', destinationPort: port },
      ...(protocol === 'udp' ? { payload: named } : { options: option }),
      ...packet,
    });
  }

  /** Where an ICMP error (RFC 792) about a packet to that client goes. */
  error(client: string): string | undefined {
    const quoted = clientFrame({
      source: client,
      destination: this.vip.address,
      protocol: 'udp',
      destinationPort: 443,
    });
    const quote = new Uint8Array(28);
    quote.set(quoted.subarray(14, 42));
    quote.set(quoted.subarray(30, 34), 12); // from the VIP
    quote.set(quoted.subarray(26, 30), 16);
    quote.set([...quoted.subarray(36, 38), ...quoted.subarray(34, 36)], 20);
    const frame = new Uint8Array(34 + 8 + quote.length);
    frame.set(quoted.subarray(0, 34));
    frame.set([0, 28 + quote.length], 16);
    frame.set([1], 23);
    frame.set([203, 0, 113, 1], 26); // some router
    frame.set([3, 1, 0, 0, 0, 0, 0, 0, ...quote], 34);
    return this.hotPath.forward(frame).backend;
  }

  get events(): Record<string, number> {
    return this.hotPath.stats().events;
  }

  get tracked(): number {
    return engineOf(this.hotPath).countTracked(vipKey(this.vip));
  }
}

Named('a slot that is not tracked keeps nothing of a named flow', async () => {
  const story = await Story.begin({ routeBy: ['quic'], tracking: 'none' }, [
    { address: A, serverId: 7 },
    { address: B },
  ]);
  for (const client of CLIENTS) assert.is(story.send(client, 7), A);
  const { flowInsert, routedQuic, namedFlowNew } = story.events;
  assert.equal([flowInsert, namedFlowNew, routedQuic], [0, 0, CLIENTS.length]);
});

Named('on a tracked slot it is entered, so that an ICMP error about it, which has no id, goes there too', async () => {
  const story = await Story.begin({ routeBy: ['quic'], tracking: 'all' }, [
    { address: A, serverId: 7 },
    { address: B },
  ]);
  for (const client of CLIENTS) assert.is(story.send(client, 7), A);
  for (const client of CLIENTS) assert.is(story.error(client), A);
  assert.is(story.events.namedFlowNew, CLIENTS.length);
  assert.is(story.events.flowInsert, CLIENTS.length);
  // Not so where nothing was entered: the error goes where the table says.
  const without = await Story.begin({ routeBy: ['quic'], tracking: 'none' }, [
    { address: A, serverId: 7 },
    { address: B },
  ]);
  const wents = CLIENTS.map((client) => without.error(client));
  assert.equal([...new Set(wents)].sort(), [A, B]);
});

Named('a packet that somebody made up does not move the flow that it claims to be of', async () => {
  const backends = [
    { address: A, serverId: 7 },
    { address: B, serverId: 8 },
  ];
  const story = await Story.begin({ routeBy: ['quic'], tracking: 'all' }, backends);
  const client = CLIENTS.find((candidate) => story.send(candidate) === A) as string;
  assert.is(story.send(client, 8), B, 'the packet itself goes where it says');
  assert.is(story.events.namedFlowOther, 1);
  assert.is(story.send(client), A, 'what names nobody stays');
  assert.is(story.send(client, 7), A);
  assert.is(story.events.namedFlowSame, 1);
  // A flow on a backend that is gone has nothing to lose.
  await story.put({ address: A, serverId: 7, state: 'down' });
  assert.is(story.send(client, 7), B);
  assert.is(story.events.namedDown, 1);
});

Named('named packets do not keep a slot tracked', async () => {
  const story = await Story.begin({ routeBy: ['quic'], tracking: 'changed' }, [{ address: A, serverId: 7 }]);
  story.clock.tick += 2 * IDLE_TICKS;
  await story.hotPath.tend();
  assert.is(story.tracked, 0);
  assert.ok((await story.put({ address: B })) > 100);
  const moved = story.tracked;
  assert.ok(moved > 100);
  for (let second = 0; second < 3 * IDLE_TICKS; second++) {
    story.clock.tick++;
    for (const client of CLIENTS) assert.is(story.send(client, 7), A);
  }
  await story.hotPath.tend();
  assert.is(story.tracked, 0);
});

Named('a backend that packets name is drained when none came for an idle timeout', async () => {
  const story = await Story.begin({ routeBy: ['quic'], tracking: 'none' }, [
    { address: A, serverId: 7 },
    { address: B },
    { address: C },
  ]);
  await story.put({ address: A, serverId: 7, weight: 0 }, { address: C, state: 'draining' });
  const drained: string[] = [];
  for (let tick = 1; tick <= 3 * IDLE_TICKS; tick++) {
    story.clock.tick++;
    if (tick <= IDLE_TICKS) assert.is(story.send('198.51.100.9', 7), A);
    for (const { backend } of await story.hotPath.tend()) drained.push(`${backend} at ${tick}`);
  }
  assert.equal(drained, [`${C} at 1`, `${A} at ${2 * IDLE_TICKS + 1}`]);
});

Named('fragments follow a first one that names its backend', async () => {
  const story = await Story.begin(
    { routeBy: ['quic'], tracking: 'none' },
    [{ address: A }, { address: B }, { address: C, weight: 0, serverId: 9 }],
    { nextHops: { [C]: '02:00:00:00:0b:03' } },
  );
  const whole = story.frame('198.51.100.9', 9);
  const first = Uint8Array.from(whole);
  first.set([0x20, 0], 20); // more fragments
  const later = Uint8Array.from(whole);
  later.set([0, 3], 20);
  assert.is(story.hotPath.forward(first).backend, C);
  assert.is(story.hotPath.forward(later).backend, C);
});

Named('a source route decides for flows that the flow table does not know; the others stay', async () => {
  const source = { routeBy: ['source' as const], protocol: 'tcp' as const, tracking: 'all' as const };
  const story = await Story.begin(source, [{ address: A }, { address: B }]);
  const before = new Map(CLIENTS.map((client) => [client, story.send(client, 0, { isSyn: true })]));
  await story.hotPath.apply([{ put: { ...story.vip, sourceRoutes: { '198.51.100.0/25': B } } }]);
  for (const [client, backend] of before) assert.is(story.send(client), backend);
  assert.is(story.events.routedSource, 0);
  for (const [client] of before) {
    const isRouted = Number(client.split('.')[3]) < 128;
    const got = story.send(client, 0, { isSyn: true, sourcePort: 41_000 });
    if (isRouted) assert.is(got, B);
  }
  assert.is(story.events.routedSource, 128);
  assert.is(story.events.sourceNoRoute, CLIENTS.length + 2 * (CLIENTS.length - 128));
  // And what was routed is entered: it stays when the route goes.
  await story.hotPath.apply([{ put: story.vip }]);
  for (const client of CLIENTS.slice(0, 128)) assert.is(story.send(client, 0, { sourcePort: 41_000 }), B);
});

Named("the slot's previous backend has no say in a source route, and an ICMP error follows the route", async () => {
  const fields: Partial<Vip> = { routeBy: ['source'], sourceRoutes: { '198.51.100.0/24': C } };
  const story = await Story.begin(fields, [{ address: A }, { address: C, weight: 0 }]);
  await story.put({ address: B });
  assert.ok(story.tracked > 100);
  for (const client of CLIENTS) assert.is(story.send(client), C);
  for (const client of CLIENTS) assert.is(story.error(client), C);
  const untracked = await Story.begin({ ...fields, tracking: 'none' }, [{ address: A }, { address: C, weight: 0 }]);
  for (const client of CLIENTS) assert.is(untracked.error(client), C);
  assert.is(untracked.error('203.0.113.9'), A);
});

Named("UDP flows leave a backend that is down, as with Katran's flow migration", async () => {
  const story = await Story.begin({ tracking: 'all' }, [{ address: A }, { address: B }]);
  const onA = CLIENTS.filter((client) => story.send(client) === A);
  assert.ok(onA.length > 50);
  await story.put({ address: A, state: 'down' });
  for (const client of onA) assert.is(story.send(client), B);
  await story.put({ address: A });
  for (const client of onA) assert.is(story.send(client), B, 'and stay when it is back');
});

Named('explain says which way decided, and that the table was not asked; nothing is left behind', async () => {
  const fields: Partial<Vip> = { routeBy: ['source', 'quic'], sourceRoutes: { '203.0.113.0/24': B }, tracking: 'all' };
  const story = await Story.begin(
    fields,
    [{ address: A, serverId: 7 }, { address: B, serverId: 8, state: 'down' }, { address: C }],
    {
      nextHops: { [A]: '02:00:00:00:0b:01', [C]: '02:00:00:00:0b:03' },
    },
  );
  const asked = (source: string, id?: number) => story.hotPath.explain(story.frame(source, id));
  const byId = asked('198.51.100.1', 7);
  assert.equal(
    byId.map(({ step }) => step),
    ['parse', 'vip', 'way', 'backend', 'encap', 'verdict'],
  );
  assert.equal(byId[2]?.fields, { asked: 'quic source', way: 'quic', serverId: 7, backend: A });
  assert.is(byId[2]?.text, `server id 7: quic names ${A}, the table is not asked`);
  const unknown = asked('198.51.100.1', 9);
  assert.equal(
    unknown.slice(2, 5).map(({ step }) => step),
    ['way', 'hash', 'slot'],
  );
  assert.is(unknown[2]?.text, 'quic, source asked: server id 9; the table decides');
  assert.is(asked('198.51.100.1')[2]?.text, 'quic, source asked: no server id and no source route; the table decides');
  const down = asked('198.51.100.1', 8)[2];
  assert.is(down?.text, 'quic, source asked: server id 8, which leads to a backend that is down; the table decides');
  await story.put({ address: B, serverId: 8 });
  const routed = asked('203.0.113.7');
  assert.equal(routed[2]?.fields, { asked: 'quic source', way: 'source', prefixBits: 24, backend: B });
  assert.is(story.events.routedSource, 0);
  assert.is(story.events.flowInsert, 0);
  story.send('203.0.113.7');
  await story.hotPath.apply([{ put: { ...story.vip, sourceRoutes: { '203.0.113.0/24': C } } }]);
  const known = asked('203.0.113.7');
  assert.is(known[2]?.text, 'quic, source asked: source prefix of 24 bits; the flow table knows the flow, which stays');
  assert.is(known.at(-2)?.fields.backend ?? known.at(-3)?.fields.backend, B);
});

Named.run();
