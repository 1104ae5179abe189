// test/fuzz/membershipChanges.ts: changes of membership by chance, some of them with one field that breaks its rule.
import type { Backend, Change, Encap, Vip } from '../../host/membership/event.js';
import { vipKey } from '../../host/membership/key.js';
import type { Dice } from './dice.js';

/** A change, and the field that breaks its rule when one does. */
export interface Attempt {
  change: Change;
  /** As a refusal names it. */
  broken?: string;
}

const ADDRESSES = ['192.0.2.80', '192.0.2.81', '2001:db8::80', '192.0.2.0/24'];
const PORTS = [0, 80, 443];
const SERVERS = ['10.0.1.1', '10.0.1.2', '10.0.1.3', '10.0.1.4', '2001:db8:1::1', '2001:db8:1::2', '2001:db8:1::3'];
const SIZES = [7, 101, 251, 509];
const ENCAPS: readonly Encap[] = [
  { type: 'l2' },
  { type: 'ipip' },
  { type: 'gre' },
  { type: 'gue' },
  { type: 'gue', port: 6081 },
  { type: 'gue', variant: 0, private: 'c0ffee00' },
  { type: 'l3dsr', dscp: 7 },
];

const WAYS = { tcp: ['tcp-option'], udp: ['quic', 'stable-udp'] } as const;
/** Where no client of the test is: what names name is seen in digests. */
const ROUTED = '203.0.113.0/24';

/** Of a ramp, the longest there is. */
const STEP_SECONDS = 360;

/** Every VIP there can be; one address in a prefix of others. */
export const VIP_UNIVERSE: readonly Pick<Vip, 'address' | 'protocol' | 'port'>[] = ADDRESSES.flatMap((address) =>
  (['tcp', 'udp'] as const).flatMap((protocol) => PORTS.map((port) => ({ address, protocol, port }))),
);

/** What is put in place of a field, by field: each breaks the rule of that field. */
const BROKEN_VIP: Record<string, readonly unknown[]> = {
  address: ['192.0.2.300', '0.0.0.0', '224.0.0.1', '', 7, 'localhost', '192.0.2.80/33', null],
  protocol: ['icmp', 'TCP', '', 6, null],
  port: [-1, 65_536, 80.5, '80', Number.NaN, null],
  tableSize: [0, 4, 100, 5_000_012, 5_000_023, '101', 7.5],
  tracking: ['some', '', true],
  routeBy: [['source', 'source'], 'source', 7],
  sourceRoutes: [['203.0.113.0/24'], 7, null],
  encap: ['ipip', null, 3],
  'encap.type': [{ type: 'vxlan' }, {}],
  'encap.port': [{ type: 'gue', port: 0 }],
  'encap.dscp': [{ type: 'l3dsr', dscp: 64 }, { type: 'l3dsr' }],
};
const BROKEN_BACKEND: Record<string, readonly unknown[]> = {
  vip: ['tcp/192.0.2.80', 'tcp/2001:db8::80:80', 'icmp/192.0.2.80:80', '', 7],
  address: ['10.0.1.256', '0.0.0.0', '10.0.1.0/24', '', 7, null],
  weight: [-1, 65_536, 1.5, '1'],
  state: ['dead', '', 0],
  serverId: [0, 16_777_214, [], '7', [7, 7], null],
  slowStart: [7, {}, { seconds: 0 }, { seconds: 3601, since: 0 }, { seconds: 5, since: -1 }],
  encap: ['ipip', 3],
  'encap.type': [{ type: 'vxlan' }, {}],
};

/** One change; one in eight is broken. */
export function someAttempt(dice: Dice): Attempt {
  const vip = dice.pick(VIP_UNIVERSE);
  const key = vipKey(vip);
  const address = dice.pick(SERVERS);
  const kind = dice.below(16);
  if (kind === 0) return { change: { remove: key } };
  if (kind < 3) return { change: { remove: `${key}/${address}` } };
  if (kind === 3 && dice.oneIn(4)) return { change: { remove: `${key}/` }, broken: 'key' };
  if (kind < 7) return spoil(someVip(vip, dice), BROKEN_VIP, dice);
  return spoil(someBackend(key, address, dice), BROKEN_BACKEND, dice);
}

function someVip(vip: Pick<Vip, 'address' | 'protocol' | 'port'>, dice: Dice): Vip {
  const record: Vip = { ...vip, tableSize: dice.pick(SIZES) };
  if (dice.oneIn(2)) record.encap = dice.pick(ENCAPS);
  if (dice.oneIn(2)) record.tracking = dice.pick(['changed', 'all', 'none'] as const);
  if (dice.oneIn(3)) record.routeBy = [...WAYS[vip.protocol as 'tcp' | 'udp']];
  if (record.routeBy && !vip.address.includes(':') && dice.oneIn(2)) {
    record.routeBy.push('source');
    record.sourceRoutes = { [ROUTED]: dice.pick(SERVERS) };
  }
  return record;
}

function someBackend(vip: string, address: string, dice: Dice): Backend {
  const record: Backend = { vip, address };
  if (dice.oneIn(2)) record.weight = dice.oneIn(8) ? 65_535 : dice.below(5);
  if (dice.oneIn(3)) record.state = dice.pick(['active', 'draining', 'down'] as const);
  if (dice.oneIn(4)) record.slowStart = { seconds: STEP_SECONDS * 10, since: someSince(dice) };
  if (dice.oneIn(2)) record.serverId = dice.oneIn(4) ? [1, 2 + dice.below(3)] : 1 + dice.below(4);
  if (dice.oneIn(4)) {
    // Whether an encapsulation can reach the other family is known from the record alone, and refused there.
    const isSame = vip.includes('[') === address.includes(':');
    record.encap = dice.pick(ENCAPS.filter(({ type }) => isSame || (type !== 'l2' && type !== 'l3dsr')));
  }
  return record;
}

/** The middle of a step that lasts longer than the test, over long ago, or yet to come. */
function someSince(dice: Dice): number {
  if (dice.oneIn(3)) return dice.pick([0, 8e15]);
  return Date.now() - (dice.below(10) + 0.5) * STEP_SECONDS * 1000;
}

function spoil(record: Vip | Backend, broken: Record<string, readonly unknown[]>, dice: Dice): Attempt {
  const change = { put: record } as Change;
  if (!dice.oneIn(8)) return { change };
  const field = dice.pick(Object.keys(broken));
  const [name = ''] = field.split('.');
  (record as unknown as Record<string, unknown>)[name] = dice.pick(broken[field] as readonly unknown[]);
  return { change, broken: field };
}
