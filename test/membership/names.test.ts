// What server ids and source routes name: records, the rule for two backends with one id, digests, memory, limits.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createHotPath, type HotPath, MaglevError } from '../../host/hotpath.js';
import { readDeclared } from '../../host/membership/declared.js';
import type { Backend, Change, Vip } from '../../host/membership/event.js';
import { countMovedNames, formatConflict, isNamed, NO_NAMES, namesOf, namesText } from '../../host/membership/names.js';
import { formatRefusal } from '../../host/membership/refusal.js';
import { validateChanges } from '../../host/membership/validate.js';
import { engineOf, FakeClock, SMALL } from '../support/hotpath.js';
import { random, withSeeds } from '../support/random.js';
import { shuffled } from './support.js';

const Names = suite('membership/names');

const KEY = 'udp/192.0.2.80:443';
const VIP: Vip = { address: '192.0.2.80', protocol: 'udp', port: 443, tableSize: 251, routeBy: ['quic'] };
const backend = (last: number, fields: Partial<Backend> = {}): Backend => ({
  vip: KEY,
  address: `10.0.1.${last}`,
  ...fields,
});
const canServe = (backends: Backend[]): Set<string> =>
  new Set(backends.filter(({ state }) => state !== 'down').map(({ address }) => address));
const namesFor = (vip: Vip, backends: Backend[]) => namesOf(vip, backends, canServe(backends));

const line = (record: Vip | Backend): string => {
  const { changes, refusals } = validateChanges([{ put: record }]);
  const [refusal] = refusals;
  if (refusal !== undefined) return formatRefusal(refusal).replace('change 1: ', '').replace('; changes ignored', '');
  return JSON.stringify((changes[0] as { put: object }).put);
};

Names('records: canonical, or refused with the rule', () => {
  const vip = (fields: object): string => line({ ...VIP, ...fields } as Vip);
  const canonical = (fields: object): string => JSON.stringify({ ...VIP, ...fields });
  assert.is(
    vip({ routeBy: ['source', 'stable-udp', 'quic'] }),
    canonical({ routeBy: ['quic', 'stable-udp', 'source'] }),
  );
  assert.is(vip({ routeBy: [] }), canonical({ routeBy: undefined }));
  assert.is(
    vip({
      routeBy: ['source'],
      sourceRoutes: { '198.51.100.128/25': '10.0.1.2', '198.51.100.9/32': '10.0.1.3', '0.0.0.0/0': '10.0.1.1' },
    }),
    canonical({
      routeBy: ['source'],
      sourceRoutes: { '0.0.0.0/0': '10.0.1.1', '198.51.100.9': '10.0.1.3', '198.51.100.128/25': '10.0.1.2' },
    }),
  );
  const of = ` for VIP ${KEY}`;
  assert.is(vip({ routeBy: ['cookie'] }), `routeBy.0 "cookie"${of}, expected quic, stable-udp, tcp-option or source`);
  assert.is(vip({ routeBy: 'quic' }), `routeBy "quic"${of}, expected a list of quic, stable-udp, tcp-option, source`);
  assert.is(vip({ routeBy: ['quic', 'quic'] }), `routeBy array of 2${of}, expected each once`);
  assert.is(vip({ routeBy: ['tcp-option'] }), `routeBy "tcp-option"${of}, expected with protocol tcp only, not udp`);
  const tcp = (fields: object): string => line({ ...VIP, protocol: 'tcp', ...fields } as Vip);
  assert.is(
    tcp({ routeBy: ['quic'] }),
    `routeBy "quic" for VIP tcp/192.0.2.80:443, expected with protocol udp only, not tcp`,
  );
  const routes = (sourceRoutes: object): string => vip({ routeBy: ['source'], sourceRoutes });
  assert.is(
    vip({ sourceRoutes: { '10.0.0.0/8': '10.0.1.1' } }),
    `sourceRoutes {"10.0.0.0/8"}${of}, expected with source among routeBy only`,
  );
  assert.is(
    routes(['10.0.0.0/8']),
    `sourceRoutes array of 1${of}, expected an object of prefixes, such as { "198.51.100.0/24": "10.0.1.9" }`,
  );
  assert.is(
    routes({ '10.0.0.0/33': '10.0.1.1' }),
    `sourceRoutes.10.0.0.0/33 "10.0.1.1"${of}, expected a prefix length of 0..32`,
  );
  assert.is(
    routes({ '10.0.0.1/8': '10.0.1.1' }),
    `sourceRoutes.10.0.0.1/8 "10.0.1.1"${of}, expected no bits behind the prefix length: 10.0.0.0/8`,
  );
  assert.is(
    routes({ '10.0.0.0/8': '127.0.0.1' }),
    `sourceRoutes.10.0.0.0/8 "127.0.0.1"${of}, expected the address of one host, not a loopback address`,
  );
  assert.is(
    routes({ '10.0.0.7': '10.0.1.1', '10.0.0.7/32': '10.0.1.2' }),
    `sourceRoutes.10.0.0.7/32 "10.0.1.2"${of}, expected 10.0.0.7 once`,
  );
  assert.is(
    routes({ '2001:db8::/32': '10.0.1.1' }),
    `sourceRoutes "2001:db8::/32"${of}, expected IPv4 prefixes, as its VIP has`,
  );
  const many = Object.fromEntries(Array.from({ length: 4097 }, (_, i) => [`10.${i >> 8}.${i & 255}.0/24`, '10.0.1.1']));
  assert.match(routes(many), /expected at most 4096 of them, not 4097$/);
  const nine = (serverId: unknown): string => line(backend(9, { serverId: serverId as number }));
  assert.is(nine(16_777_213), JSON.stringify(backend(9, { serverId: 16_777_213 })));
  assert.is(nine([9]), JSON.stringify(backend(9, { serverId: 9 })));
  assert.is(nine([9, 7]), JSON.stringify(backend(9, { serverId: [7, 9] })));
  const rule = 'expected 1..16777213, or a list of 1..16 of these';
  for (const [value, shown] of [
    [0, '0'],
    [16_777_214, '16777214'],
    ['7', '"7"'],
    [[], 'array of 0'],
    [1.5, '1.5'],
  ]) {
    assert.is(nine(value), `serverId ${shown} for backend 10.0.1.9, ${rule}`);
  }
  assert.is(nine([7, 7]), 'serverId array of 2 for backend 10.0.1.9, expected each once');
});

Names('of two backends with one id the lower address is named, whatever order they came in', async () => {
  const backends = [
    backend(9, { serverId: [7, 8] }),
    backend(10, { serverId: 7 }),
    backend(11, { serverId: [7, 300], weight: 0 }),
    backend(12, { serverId: 300, state: 'draining' }),
    backend(13, { serverId: [8, 44], state: 'down' }),
  ];
  const names = namesFor(VIP, backends);
  const [nine, ten, eleven, twelve] = [9, 10, 11, 12].map((last) => `10.0.1.${last}`) as [
    string,
    string,
    string,
    string,
  ];
  assert.equal(names.serverIds, [
    { name: 7, backend: nine },
    { name: 8, backend: nine },
    { name: 44, backend: undefined },
    { name: 300, backend: eleven },
  ]);
  assert.equal(names.conflicts, [
    { serverId: 7, named: nine, ignored: ten },
    { serverId: 7, named: nine, ignored: eleven },
    { serverId: 300, named: eleven, ignored: twelve },
  ]);
  assert.is(
    formatConflict(names.conflicts[0] as (typeof names.conflicts)[0]),
    'server id 7 of backend 10.0.1.10, expected once in a VIP: that of 10.0.1.9, whose address is lower; 10.0.1.10 is not named by it',
  );
  assert.equal(
    [nine, ten, eleven, twelve].map((address) => isNamed(names, address)),
    [true, false, true, false],
  );
  // One that is down gives way to the other.
  const after = namesFor(VIP, [backend(9, { serverId: [7, 8], state: 'down' }), ...backends.slice(1, 3)]);
  assert.equal(after.serverIds[0], { name: 7, backend: ten });
  const chance = random(3);
  for (let i = 0; i < 20; i++) {
    assert.equal(
      namesFor(
        VIP,
        shuffled(backends, () => chance.int(2 ** 20) / 2 ** 20),
      ),
      names,
    );
  }
});

Names('a digest tells names apart, and is the same for the same records', async () => {
  const open = async (changes: Change[]): Promise<HotPath> => {
    const hotPath = await createHotPath({ ...SMALL, hashSecret: 'a secret of 16 bytes' });
    for (const change of changes) await hotPath.apply([change]);
    return hotPath;
  };
  const routes = { '198.51.100.0/24': '10.0.1.10', '203.0.113.0/24': '10.0.1.99' };
  const vip: Vip = { ...VIP, routeBy: ['quic', 'source'], sourceRoutes: routes };
  const puts: Change[] = [
    { put: vip },
    { put: backend(9, { serverId: 7 }) },
    { put: backend(10, { serverId: [7, 8] }) },
  ];
  const digest = (await open(puts)).digest(KEY);
  assert.is((await open([...puts].reverse())).digest(KEY), digest);
  const others: Change[][] = [
    [{ put: { ...vip, sourceRoutes: { ...routes, '198.51.100.0/24': '10.0.1.9' } } }],
    [{ put: { ...vip, routeBy: ['quic', 'stable-udp', 'source'] } }],
    [{ put: backend(10, { serverId: [7, 9] }) }],
    [{ put: VIP }],
    [{ put: { ...VIP, routeBy: undefined } as unknown as Vip }],
  ];
  const digests = [digest];
  for (const change of others) digests.push((await open([...puts, ...change])).digest(KEY));
  assert.is(new Set(digests).size, others.length + 1);
  // What is not asked decides nothing.
  const plain = async (fields: Partial<Backend>) =>
    (await open([{ put: { ...VIP, routeBy: [] } }, { put: backend(9, fields) }])).digest(KEY);
  assert.is(await plain({ serverId: 7 }), await plain({}));
});

Names('what is hashed of them', () => {
  const vip: Vip = {
    ...VIP,
    routeBy: ['quic', 'source'],
    sourceRoutes: { '0.0.0.0/0': '10.0.1.9', '10.0.0.0/8': '10.0.1.8' },
  };
  const names = namesFor(vip, [backend(9, { serverId: [7, 300] }), backend(10, { serverId: 44, state: 'down' })]);
  const text = `routeBy quic source
serverId 7 10.0.1.9
serverId 44 -
serverId 300 10.0.1.9
sourceRoute 0.0.0.0/0 10.0.1.9
sourceRoute 10.0.0.0/8 -
`;
  assert.is(namesText(names), text);
  assert.is(namesText(NO_NAMES), '');
});

Names('a plan counts names that lead elsewhere, and says which are contested', async () => {
  const hotPath = await createHotPath({ ...SMALL, hashSecret: 'a secret of 16 bytes' });
  await hotPath.apply([{ put: VIP }, { put: backend(9, { serverId: [7, 8] }) }, { put: backend(10) }]);
  const plan = (changes: Change[]) => {
    const [{ namesMoved, serverIdConflicts, slotsMoved } = { namesMoved: -1, serverIdConflicts: [], slotsMoved: -1 }] =
      hotPath.plan(changes);
    return [namesMoved, serverIdConflicts.length, slotsMoved];
  };
  assert.equal(plan([{ put: backend(9, { serverId: [7, 8] }) }, { put: backend(10, { serverId: 9 }) }]), [1, 0, 0]);
  assert.equal(plan([{ put: backend(10, { serverId: 8 }) }]), [0, 1, 0]);
  assert.equal(plan([{ put: backend(9) }]), [2, 0, 0]);
  assert.equal(plan([{ put: { ...VIP, routeBy: ['stable-udp'] } }]), [2, 0, 0]);
  assert.equal(plan([{ remove: KEY }]).slice(0, 2), [2, 0]);
  const route = { ...VIP, routeBy: ['quic', 'source'], sourceRoutes: { '10.0.0.0/8': '10.0.1.10' } } as Vip;
  assert.equal(plan([{ put: route }]), [1, 0, 0]);
  assert.is(countMovedNames(namesFor(route, [backend(10)]), namesFor(route, [backend(10, { state: 'down' })])), 1);
});

Names('more source routes than the option allows: nothing is applied', async () => {
  const hotPath = await createHotPath({ ...SMALL, sourceRoutesMax: 2 });
  const vip = (count: number): Change => ({
    put: {
      ...VIP,
      routeBy: ['source'],
      sourceRoutes: Object.fromEntries(Array.from({ length: count }, (_, i) => [`10.${i}.0.0/16`, '10.0.1.9'])),
    },
  });
  await hotPath.apply([vip(2), { put: backend(9) }]);
  const { arena } = engineOf(hotPath).publisher;
  const [used, digest] = [arena.usedBytes, hotPath.digest(KEY)];
  for (const attempt of [() => hotPath.apply([vip(3)]), async () => hotPath.plan([vip(3)])]) {
    const error = await attempt().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof MaglevError)) throw new Error(`expected an error, got ${String(error)}`);
    assert.is(error.code, 'ERR_LIMIT');
    assert.is(error.option, 'sourceRoutesMax');
    assert.is(error.message, 'source routes: 3 over all VIPs are more than 2; raise sourceRoutesMax');
  }
  assert.equal([arena.usedBytes, hotPath.digest(KEY)], [used, digest]);
});

Names('memory of names is given back, whatever is published', async () => {
  await withSeeds([1, 2], async (chance) => {
    const clock = new FakeClock();
    const hotPath = await createHotPath({ ...SMALL, nowMs: clock.nowMs });
    const { arena } = engineOf(hotPath).publisher;
    for (let i = 0; i < 60; i++) {
      const last = 1 + chance.int(5);
      const change: Change =
        chance.int(3) > 0
          ? {
              put: backend(last, {
                serverId: 1 + chance.int(6),
                weight: chance.int(3),
                state: chance.pick(['active', 'down']),
              }),
            }
          : { put: { ...VIP, routeBy: chance.pick([[], ['quic'], ['stable-udp', 'source']]), tracking: 'none' } };
      await hotPath.apply([change]);
      const [live] = engineOf(hotPath).vips.values();
      if (live === undefined) continue;
      const namesBytes =
        live.record.names === 0 ? 0 : 192 + 8 * 2 ** Math.ceil(Math.log2(2 * live.names.serverIds.length + 2)) + 2 * 24;
      const lines = (bytes: number): number => Math.ceil(bytes / 64) * 64;
      assert.is(arena.usedBytes, lines(2 * 251) + lines(namesBytes));
    }
    await hotPath.apply([{ remove: KEY }]);
    assert.is(arena.usedBytes, 0);
  });
});

Names('a file: short forms, and an id given twice is a mistake with a line', () => {
  const text = `vips:
  - vip: udp/192.0.2.80:443
    routeBy: quic
    backends:
      - { address: 10.0.1.9, serverId: 7 }
      - { address: 10.0.1.10, serverId: [8, 9] }
      - { address: 10.0.1.11, serverId: 7, state: down }
  - vip: tcp/192.0.2.80:80
    routeBy: [source]
    sourceRoutes:
      198.51.100.0/24: 10.0.1.9
    backends: [{ address: 10.0.1.9, serverId: 7 }]
`;
  const { records } = readDeclared(text, 'members.yaml');
  const put = (key: string) => records?.get(key) as { vip?: Vip } | undefined;
  assert.equal(put('udp/192.0.2.80:443')?.vip?.routeBy, ['quic']);
  assert.equal(put('tcp/192.0.2.80:80')?.vip?.sourceRoutes, { '198.51.100.0/24': '10.0.1.9' });
  const { refusals } = readDeclared(text.replace('[8, 9]', '[7, 9]'), 'members.yaml');
  const rule = 'expected once in a VIP, but for backends that are down, is on line 5 already';
  assert.equal(refusals.map(formatRefusal), [
    `line 6 of members.yaml: serverId 7 for backend 10.0.1.10, ${rule}; file ignored`,
  ]);
});

Names.run();
