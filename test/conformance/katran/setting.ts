// test/conformance/katran/setting.ts: what provisioning.json says of a family, as options of a hot path and as membership.
import type { KatranDecap } from '../../../host/compat/katran.js';
import type { KatranRealFlag, KatranVipFlag } from '../../../host/compat/katranRecord.js';
import type { HotPathOptions } from '../../../host/hotpath.js';
import type { Backend, Change, Encap, Vip, Way } from '../../../host/membership/event.js';
import { vipKey } from '../../../host/membership/key.js';
import type { Provisioning, VectorFamily, VectorProfile, VectorVip } from './format.js';

/** Flags of a VIP that are flags here too. */
const VIP_FLAGS: readonly (readonly [number, KatranVipFlag])[] = [
  [1, 'hash-no-src-port'],
  [2, 'lru-bypass'],
  [8, 'hash-dst-port-only'],
  [32, 'local-vip'],
  [128, 'hash-src-dst-port'],
  [512, 'udp-flow-migration'],
];
const QUIC = 4;
const SRC_ROUTING = 16;
const UDP_STABLE_ROUTING = 256;
const TCP = 6;
const KNOWN_OPTIONS = [
  ...['gue_encap', 'cidr_vip', 'src_routing', 'udp_stable_routing', 'tcp_server_id_routing', 'local_delivery'],
  ...['icmp_too_big_generation', 'inline_decap_ipip', 'inline_decap_gue', 'decap_strict_destination'],
];
/** A clock that stands still, so late that an entry of time 0 is old. */
const NOW_MS = 1_000_000;

/** Throws for an option of Katran that nothing here stands for. */
export function checkOptions({ options = [] }: VectorFamily): void {
  const unknown = options.filter((option) => !KNOWN_OPTIONS.includes(option));
  if (unknown.length > 0) throw new Error(`options that are not known here: ${unknown.join(', ')}`);
}

/** The hot path that stands for Katran with the options of `family`; `reals` are all it may have. */
export function hotPathOptions(
  { addresses, constants }: Provisioning,
  family: VectorFamily,
  reals: Iterable<string>,
  decap: KatranDecap,
): HotPathOptions {
  return {
    compat: 'katran',
    katran: {
      frameBytesMax: family.max_frame_bytes ?? constants.max_frame_bytes_default,
      source: { ipv4: addresses.gue_and_healthcheck_source_v4, ipv6: addresses.gue_and_healthcheck_source_v6 },
      localDelivery: has(family, 'local_delivery'),
      decap,
    },
    mac: addresses.local_mac,
    nextHops: Object.fromEntries([...reals].map((address) => [address, addresses.default_router_mac])),
    mtu: 0,
    tooBigPerSecond: has(family, 'icmp_too_big_generation') ? 1_000_000 : 0,
    nowMs: () => NOW_MS,
    tablesMiB: 32,
    flowsMax: 65_536,
  };
}

/** What the balancer takes out of tunnels. */
export function decapOf(family: VectorFamily, port: number, { decap_destinations = [] }: VectorProfile): KatranDecap {
  return {
    ipip: has(family, 'inline_decap_ipip'),
    ...(has(family, 'inline_decap_gue') && { guePort: port }),
    strict: has(family, 'decap_strict_destination'),
    destinations: decap_destinations.map(({ address, egress }) => ({ address, egress })),
  };
}

export function portOf({ constants }: Provisioning, { gue_udp_port }: VectorFamily): number {
  return gue_udp_port ?? constants.gue_udp_port_default;
}

export function encapOf(provisioning: Provisioning, family: VectorFamily): Encap {
  const isGue = family.encapsulation === 'GUE' || has(family, 'gue_encap');
  return isGue ? { type: 'gue', port: portOf(provisioning, family) } : { type: 'ipip' };
}

/** All reals of a profile, in VIPs or named. */
export function realsOf(profile: VectorProfile): Set<string> {
  const { vips, reals, server_ids = [], src_routes = [] } = profile;
  const all = [...reals, ...server_ids, ...src_routes, ...vips.flatMap((vip) => vip.reals)];
  return new Set(all.map(({ address }) => address));
}

/** VIPs and backends of a profile by key. */
export function recordsOf(profile: VectorProfile, family: VectorFamily, encap: Encap): Map<string, Vip | Backend> {
  const records = new Map<string, Vip | Backend>();
  for (const vector of profile.vips) {
    if (vector.prefix_len !== undefined && !has(family, 'cidr_vip')) continue;
    const vip = vipOf(vector, profile, family, encap);
    const key = vipKey(vip);
    records.set(key, vip);
    for (const backend of backendsOf(key, vector, profile, vip)) records.set(`${key}/${backend.address}`, backend);
  }
  return records;
}

/**
 * The changes from one profile to the next. Katran's connection table goes on to name a real that is taken from a VIP: so it drains
 * here.
 */
export function changesBetween(before: Map<string, Vip | Backend>, after: Map<string, Vip | Backend>): Change[] {
  const gone = [...before].filter(([key]) => !after.has(key));
  const removed = gone.flatMap(([key, record]): Change[] => {
    if (!('vip' in record)) return [{ remove: key }];
    return after.has(record.vip) ? [{ put: { ...record, state: 'draining' } }] : [];
  });
  return [...removed, ...[...after.values()].map((put) => ({ put }) as Change)];
}

function vipOf(vector: VectorVip, profile: VectorProfile, family: VectorFamily, encap: Encap): Vip {
  const ways = waysOf(vector, family);
  return {
    address: addressOf(vector.address, vector.prefix_len),
    protocol: protocolOf(vector.proto),
    port: vector.port,
    encap,
    katran: VIP_FLAGS.flatMap(([bit, name]) => ((vector.flags & bit) !== 0 ? [name] : [])),
    ...(ways.length > 0 && { routeBy: ways }),
    ...(ways.includes('source') && { sourceRoutes: routesOf(vector, profile) }),
  };
}

function waysOf({ flags, proto }: VectorVip, family: VectorFamily): Way[] {
  const isTcp = proto === TCP;
  const ways: [boolean, Way][] = [
    [!isTcp && (flags & QUIC) !== 0, 'quic'],
    [!isTcp && (flags & UDP_STABLE_ROUTING) !== 0 && has(family, 'udp_stable_routing'), 'stable-udp'],
    [isTcp && has(family, 'tcp_server_id_routing'), 'tcp-option'],
    [(flags & SRC_ROUTING) !== 0 && has(family, 'src_routing'), 'source'],
  ];
  return ways.flatMap(([isAsked, way]) => (isAsked ? [way] : []));
}

function routesOf({ address }: VectorVip, { src_routes = [] }: VectorProfile): Record<string, string> {
  const ofFamily = src_routes.filter(({ prefix }) => prefix.includes(':') === address.includes(':'));
  return Object.fromEntries(ofFamily.map((route) => [route.prefix, route.address]));
}

/** The reals of the VIP, those that its packets may name (in Katran the same for all VIPs), and those in its set of down reals. */
function backendsOf(vip: string, vector: VectorVip, profile: VectorProfile, record: Vip): Backend[] {
  const { routeBy = [], sourceRoutes = {} } = record;
  const ids = routeBy.some((way) => way !== 'source') ? (profile.server_ids ?? []) : [];
  const weights = new Map(vector.reals.map(({ address, weight }) => [address, weight]));
  const down = profile.reals.filter(({ index }) => (vector.down_real_indexes ?? []).includes(index));
  const named = [...ids, ...down].map(({ address }) => address);
  const all = new Set([...weights.keys(), ...named, ...Object.values(sourceRoutes)]);
  return [...all].map((address) => {
    const serverIds = ids.filter((id) => id.address === address).map(({ server_id }) => server_id);
    return {
      vip,
      address,
      weight: weights.get(address) ?? 0,
      katran: realFlags(address, vector, profile, (weights.get(address) ?? 0) > 0),
      ...(serverIds.length > 0 && { serverId: serverIds }),
    };
  });
}

function realFlags(address: string, vector: VectorVip, profile: VectorProfile, isInRing: boolean): KatranRealFlag[] {
  const real = profile.reals.find((known) => known.address === address);
  const isDown = real !== undefined && (vector.down_real_indexes ?? []).includes(real.index);
  const flags: [boolean, KatranRealFlag][] = [
    [isDown, 'down'],
    [real?.local === true, 'local'],
    [!isInRing, 'named'],
  ];
  return flags.flatMap(([isSet, name]) => (isSet ? [name] : []));
}

function addressOf(address: string, prefixLength: number | undefined): string {
  return prefixLength === undefined ? address : `${address}/${prefixLength}`;
}

function protocolOf(proto: number): 'tcp' | 'udp' {
  return proto === TCP ? 'tcp' : 'udp';
}

function has({ options = [] }: VectorFamily, option: string): boolean {
  return options.includes(option);
}
