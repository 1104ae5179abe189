// test/fuzz/scene.ts: what the fuzzed hot path balances: a VIP for every fate that a frame can have.
//   192.0.2.x and 2001:db8::x are VIPs, 10.0.1.n and 2001:db8:1::n backends; backend n has MAC address 02:00:00:00:0b:n
//   egress 0   up, announces VIPs      egress 1   down      egress 2   up, announces nothing

import { setEgress } from '../../host/egress.js';
import type { Engine } from '../../host/engine.js';
import { createHotPath, type HotPath, type HotPathOptions } from '../../host/hotpath.js';
import type { Backend, Change, Encap, Protocol, Tracking, Vip, Way } from '../../host/membership/event.js';
import { vipKey } from '../../host/membership/key.js';
import { engineOf } from '../support/hotpath.js';
import type { SceneRoute } from './names.js';

/**
 * What happens to the packets of a VIP when nothing is wrong with them. `churn`: membership changes while frames flow, so
 * nothing is promised.
 */
type Fate = 'forward' | 'empty' | 'unresolved' | 'down' | 'narrow' | 'churn';

/** A VIP of the scene. */
export interface SceneVip {
  address: string;
  protocol: Protocol;
  port: number;
  encap: Encap;
  fate: Fate;
  /** Numbers of its backends. */
  backends: readonly number[];
  tracking?: Tracking;
  names?: SceneNames;
}

/** What packets of a VIP may name. */
interface SceneNames {
  routeBy: Way[];
  /** Server ids by number of the backend. */
  ids: ReadonlyMap<number, number[]>;
  /** Longest first. */
  routes: readonly SceneRoute[];
  /** Backends of weight 0, and one that is down. */
  spare: readonly number[];
  down?: number;
}

const L2: Encap = { type: 'l2' };
const IPIP: Encap = { type: 'ipip' };
const GUE_PRIVATE: Encap = { type: 'gue', port: 6081, variant: 0, private: '00c0ffee01234567' };
/** A backend of a number above this has an address of the other family than its VIP. */
const OTHER_FAMILY = 128;
const V4 = '192.0.2';
const V6 = '2001:db8:';

/** UDP port of QUIC in the scene. */
export const QUIC_PORT = 443;
/** Ids that packets have: of backends, of one that is down, of nobody, of no form. */
export const SERVER_IDS = [7, 7, 70_000, 300, 300, 0xfffffd, 9, 0, 8, 0xfffffe];

const QUIC_NAMES: SceneNames = {
  routeBy: ['quic', 'stable-udp'],
  ids: new Map([
    [100, [7, 70_000]],
    [101, [300]],
    [102, [0xfffffd]],
    [103, [9]],
  ]),
  routes: [],
  spare: [102],
  down: 103,
};
const TCP_NAMES = { routeBy: ['tcp-option', 'source'] as Way[], ids: new Map([[104, [7, 300]]]), spare: [106] };
/** The clients of grammar.ts: 198.51.0-3.x and 2001::0-3xx. */
const ROUTES4 = [
  { prefix: '198.51.2.16/28', begins: 'c633021', number: 104 },
  { prefix: '198.51.2.0/24', begins: 'c63302', number: 106 },
  { prefix: '198.51.3.0/24', begins: 'c63303', number: 107 },
];
const ROUTES6 = [
  { prefix: '2001::240/124', begins: `2001${'0'.repeat(24)}024`, number: 104 },
  { prefix: '2001::200/120', begins: `2001${'0'.repeat(24)}02`, number: 106 },
];

/** A TCP port of 192.0.2.80 whose flows are all in the flow table. */
export const PROBED_PORT = 443;
/** Largest IP packet on the narrow way. */
export const NARROW_MTU = 90;
/** Largest IP packet on any other way. */
export const WIDE_MTU = 1500;

export const SCENE: readonly SceneVip[] = [
  ...bothFamilies([1, 2, 3], 80, 'tcp', 80, L2, 'forward'),
  ...bothFamilies([1, 2], 80, 'udp', 53, IPIP, 'forward', 'all'),
  ...bothFamilies([4, 5], 80, 'tcp', PROBED_PORT, IPIP, 'forward', 'all'),
  ...bothFamilies([6], 80, 'udp', 0, L2, 'forward', 'none'), // any port
  ...bothFamilies([], 81, 'tcp', 80, L2, 'empty'),
  ...bothFamilies([20], 82, 'tcp', 80, L2, 'unresolved'),
  ...bothFamilies([21], 82, 'udp', 53, IPIP, 'unresolved'),
  ...bothFamilies([30], 83, 'tcp', 80, L2, 'down'),
  ...bothFamilies([31], 83, 'udp', 53, IPIP, 'down'),
  ...bothFamilies([40], 84, 'tcp', 80, L2, 'narrow'),
  ...bothFamilies([41], 84, 'udp', 53, IPIP, 'narrow'),
  ...bothFamilies([50, 51, 52, 53], 85, 'tcp', 80, L2, 'churn', 'changed'),
  ...bothFamilies([54, 55, 56], 85, 'udp', 53, IPIP, 'churn', 'all'),
  ...bothFamilies([60], 86, 'tcp', 80, L2, 'forward'), // leaves by egress 2
  ...bothFamilies([70, 71, OTHER_FAMILY + 1], 87, 'tcp', 80, { type: 'gue' }, 'forward'),
  ...bothFamilies([72, OTHER_FAMILY + 2], 87, 'udp', 53, GUE_PRIVATE, 'forward', 'none'),
  ...bothFamilies([73, OTHER_FAMILY + 3], 88, 'tcp', 80, { type: 'gre' }, 'forward'),
  ...bothFamilies([OTHER_FAMILY + 4], 88, 'udp', 53, IPIP, 'forward'),
  ...bothFamilies([74], 89, 'tcp', 80, { type: 'l3dsr', dscp: 5 }, 'forward', 'all'),
  ...bothFamilies([75], 89, 'udp', 53, { type: 'l3dsr', dscp: 63 }, 'forward'),
  ...bothFamilies([76], 80, 'sctp', 36_412, IPIP, 'forward', 'all'),
  ...bothFamilies([77], 89, 'sctp', 0, L2, 'forward'),
  // Prefixes in prefixes, and an address in them: which of them has the port decides.
  { ...vipOf(['198.18.0.0/16', 'tcp', 0], [90], IPIP), tracking: 'all' },
  vipOf(['198.18.4.0/22', 'tcp', 80], [91], L2),
  vipOf(['198.18.4.0/22', 'udp', 53], [92], { type: 'gue' }),
  vipOf(['198.18.4.7', 'tcp', 0], [93], L2),
  vipOf(['2001:db8:2::/48', 'tcp', 0], [90], IPIP),
  vipOf(['2001:db8:2:4::/64', 'tcp', 80], [91], { type: 'gre' }),
  vipOf(['2001:db8:2:4::7', 'tcp', 0], [93], L2),
  // Ways before the table. 107 is no backend, so its route leads nowhere.
  ...bothFamilies([100, 101, 102, 103], 90, 'udp', QUIC_PORT, IPIP, 'forward', 'none', () => QUIC_NAMES),
  ...bothFamilies([100, 101, 102, 103], 91, 'udp', QUIC_PORT, L2, 'forward', 'all', () => QUIC_NAMES),
  ...bothFamilies([104, 105, 106], 90, 'tcp', 80, { type: 'gue' }, 'forward', 'none', (isV6) => ({
    ...TCP_NAMES,
    routes: isV6 ? ROUTES6 : ROUTES4,
  })),
];

function vipOf(
  [address, protocol, port]: [string, Protocol, number],
  backends: readonly number[],
  encap: Encap,
): SceneVip {
  return { address, protocol, port, encap, backends, fate: 'forward' };
}

/** The same VIP in IPv4 and in IPv6. */
function bothFamilies(
  backends: readonly number[],
  host: number,
  protocol: Protocol,
  port: number,
  encap: Encap,
  fate: Fate,
  tracking?: Tracking,
  namesOf?: (isV6: boolean) => SceneNames,
): SceneVip[] {
  const rest = { protocol, port, encap, fate, backends, ...(tracking && { tracking }) };
  const named = (isV6: boolean) => (namesOf === undefined ? {} : { names: namesOf(isV6) });
  return [
    { address: `${V4}.${host}`, ...rest, ...named(false) },
    { address: `${V6}:${host}`, ...rest, ...named(true) },
  ];
}

/** Key of a VIP of the scene. */
export function keyOf(vip: SceneVip): string {
  return vipKey(vip);
}

/** Address of backend `number` of a VIP. */
export function backendAddress(vip: SceneVip, number: number): string {
  const isV6 = vip.address.includes(':') !== number > OTHER_FAMILY;
  return isV6 ? `2001:db8:1::${number.toString(16)}` : `10.0.1.${number}`;
}

/** MAC address of backend `number`. */
function backendMac(number: number): string {
  return `02:00:00:00:0b:${number.toString(16).padStart(2, '0')}`;
}

/** The way to backend `number`, undefined for one whose MAC address nobody knows. */
export function wayTo(number: number): { mac: string; egress: number; mtu: number } | undefined {
  if (number >= 20 && number < 30) return undefined;
  const egress = number >= 30 && number < 40 ? 1 : number >= 60 ? 2 : 0;
  return { mac: backendMac(number), egress, mtu: number >= 40 && number < 50 ? NARROW_MTU : WIDE_MTU };
}

/** Health-check mark of the first backend of VIP `k` of the scene is k + 1. */
export const MARKS_MAX = SCENE.length;

/** The records of the scene. */
export function sceneChanges(): Change[] {
  return SCENE.flatMap((vip, k): Change[] => {
    const { address, protocol, port, encap, tracking } = vip;
    const record = { address, protocol, port, encap, tableSize: 251, ...(tracking && { tracking }), ...waysOf(vip) };
    const key = keyOf(vip);
    return [
      { put: record },
      ...vip.backends.map((number, i) => ({
        put: {
          ...{ vip: key, address: backendAddress(vip, number), ...namedFields(vip, number) },
          ...(i === 0 && { healthCheckMark: k + 1 }),
        },
      })),
    ];
  });
}

/** What the record of a VIP says of its ways before the table. */
function waysOf(vip: SceneVip): Pick<Vip, 'routeBy' | 'sourceRoutes'> {
  const { names } = vip;
  if (names === undefined) return {};
  const routes = names.routes.map(({ prefix, number }) => [prefix, backendAddress(vip, number)]);
  return { routeBy: names.routeBy, ...(routes.length > 0 && { sourceRoutes: Object.fromEntries(routes) }) };
}

/** What the record of a backend says because of them. */
function namedFields({ names }: SceneVip, number: number): Pick<Backend, 'serverId' | 'weight' | 'state'> {
  const ids = names?.ids.get(number);
  return {
    ...(ids && { serverId: ids }),
    ...(names?.spare.includes(number) && { weight: 0 }),
    ...(names?.down === number && { state: 'down' }),
  };
}

/** Our MAC address at an egress. */
export function ownMac(egress: number): string {
  return `02:00:00:00:00:0${egress + 1}`;
}

/** Limits that hold the scene, and the secret that makes all its tables the same. */
export const SCENE_LIMITS = {
  ...{ vipsMax: 256, backendsMax: 4096, flowsMax: 4096, tablesMiB: 4 },
  hashSecret: 'the fuzzer knows its secret',
} as const;

/** Our addresses, the source of outer headers. */
export const OUTER_SOURCE = { ipv4: '10.0.37.201', ipv6: '2001:db8:5::1' } as const;

/** A hot path that has the scene. Two of them given the same frames and changes do the same. */
export async function openScene(options: HotPathOptions): Promise<HotPath> {
  const hotPath = await createHotPath({
    ...{ ...SCENE_LIMITS, mac: ownMac(0), announce: true, mtu: WIDE_MTU, outerSource: OUTER_SOURCE },
    ...options,
  });
  await hotPath.apply(sceneChanges());
  writeSurroundings(engineOf(hotPath));
  return hotPath;
}

/** The interfaces, and the ways to all backends. */
export function writeSurroundings(engine: Engine): void {
  for (const index of [0, 1, 2]) {
    setEgress(engine.memory, index, { mac: ownMac(index), isUp: index !== 1, announce: index !== 2 });
  }
  writeWays(engine);
}

/** Ways to all backends, as the kernel's tables would give them. To be called after membership changed. */
export function writeWays({ nextHops }: Engine): void {
  for (const vip of SCENE) {
    for (const number of vip.backends) nextHops.set(backendAddress(vip, number), wayTo(number));
  }
}
