// test/compat/katranScene.ts: VIPs with every flag of Katran, as records for a hot path and as its model takes them.
import type { HotPathOptions } from '../../host/hotpath.js';
import { addressBytes, isMapped } from '../../host/membership/address.js';
import type { Backend, Change, Encap, Vip, Way } from '../../host/membership/event.js';
import { vipKey } from '../../host/membership/key.js';
import type { ModelConfig, ModelVip } from '../model/katran.js';
import { katranTable } from '../model/tables.js';

/** Reals by index, from 1. The fourth is this host. */
export const REALS = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', 'fc00::1', 'fc00::2', 'fc00::3', 'fc00::4'];
const LOCAL = 4;
const DOWN = 1;
const V4 = [1, 2, 3];
const V6 = [5, 6, 7];
/** Ids that packets name, with the index of their real; 9 is the id of nobody. */
export const SERVER_IDS: readonly (readonly [number, number])[] = [
  [1022, 1],
  [1023, 2],
  [1024, 5],
  [1025, 3],
  [65_000, 8],
  [197_630, 4],
  [0xff_fffd, 6],
];
const ROUTES: readonly (readonly [string, number])[] = [
  ['192.168.0.0/17', 5],
  ['192.168.100.0/24', 2],
  ['fc00:2307::/32', 7],
  ['fc00:2307::/64', 8],
];
export const DESTINATIONS = [
  { address: 'fc00:1404::1', egress: false },
  { address: 'fc00:1405::1', egress: true },
  { address: '10.14.4.1', egress: false },
];
export const OWN = { ipv4: '10.0.13.37', ipv6: 'fc00:2307::1337' };
const ROUTER = '00:00:de:ad:be:af';
const SLOTS = 65_537;

interface SceneVip {
  address: string;
  protocol: 'tcp' | 'udp';
  port: number;
  reals: readonly number[];
  katran?: NonNullable<Vip['katran']>;
  routeBy?: Way[];
}

export const VIPS: readonly SceneVip[] = [
  { address: '10.200.1.1', protocol: 'tcp', port: 80, reals: V4 },
  { address: '10.200.1.1', protocol: 'udp', port: 80, reals: V4 },
  { address: '10.200.1.2', protocol: 'tcp', port: 0, reals: V4 },
  { address: '10.200.1.3', protocol: 'tcp', port: 80, reals: V6 },
  { address: 'fc00:1::1', protocol: 'tcp', port: 80, reals: V6 },
  { address: 'fc00:1::1', protocol: 'udp', port: 0, reals: V6 },
  { address: '10.200.1.4', protocol: 'tcp', port: 0, reals: V4, katran: ['hash-dst-port-only'] },
  { address: '10.200.1.5', protocol: 'udp', port: 443, reals: V4, routeBy: ['quic'] },
  { address: 'fc00:1::2', protocol: 'udp', port: 443, reals: V6, routeBy: ['quic', 'stable-udp'] },
  { address: '10.200.1.6', protocol: 'udp', port: 80, reals: V4, katran: ['udp-flow-migration'] },
  { address: '10.200.1.7', protocol: 'tcp', port: 80, reals: V4, katran: ['hash-no-src-port'] },
  { address: '10.200.1.8', protocol: 'udp', port: 0, reals: V4, katran: ['hash-src-dst-port'] },
  { address: 'fc00:1::9', protocol: 'udp', port: 80, reals: V6, routeBy: ['stable-udp'], katran: ['lru-bypass'] },
  { address: '10.200.1.10', protocol: 'tcp', port: 80, reals: V4, katran: ['lru-bypass'] },
  {
    address: '10.200.1.11',
    protocol: 'udp',
    port: 80,
    reals: [1, 2, LOCAL],
    katran: ['local-vip', 'udp-flow-migration'],
  },
  { address: 'fc00:1::3', protocol: 'tcp', port: 80, reals: V6, routeBy: ['source'] },
  { address: '10.200.1.12', protocol: 'udp', port: 80, reals: V4, routeBy: ['source'], katran: ['hash-dst-port-only'] },
  { address: '10.200.1.99', protocol: 'tcp', port: 80, reals: [] },
  { address: 'fc00:2::/64', protocol: 'tcp', port: 443, reals: V6 },
  { address: 'fc00:2::/96', protocol: 'tcp', port: 0, reals: [5, 6] },
  { address: 'fc00:2::/32', protocol: 'udp', port: 0, reals: V6, katran: ['hash-no-src-port'] },
];

/** What differs from run to run. */
export interface SceneOptions {
  encap: 'ipip' | 'gue';
  answersTooBig: boolean;
  decap: boolean;
  strict: boolean;
}

const GUE_PORT = 9886;
const FRAME_BYTES_MAX = 1200;

export function sceneOptions({ answersTooBig, decap, strict }: SceneOptions): HotPathOptions {
  return {
    compat: 'katran',
    katran: {
      frameBytesMax: FRAME_BYTES_MAX,
      source: OWN,
      localDelivery: true,
      decap: { ipip: decap, ...(decap && { guePort: GUE_PORT }), strict, destinations: DESTINATIONS },
    },
    mtu: 0,
    tooBigPerSecond: answersTooBig ? 1_000_000 : 0,
    nextHops: Object.fromEntries(REALS.map((address) => [address, ROUTER])),
    flowsMax: 2 ** 18,
    tablesMiB: 16,
  };
}

export function sceneChanges({ encap }: SceneOptions): Change[] {
  const way: Encap = encap === 'gue' ? { type: 'gue', port: GUE_PORT } : { type: 'ipip' };
  return VIPS.flatMap((vip): Change[] => {
    const { reals, routeBy = [], ...rest } = vip;
    const ways: Way[] = vip.protocol === 'tcp' ? ['tcp-option', ...routeBy] : routeBy;
    const put: Vip = {
      ...rest,
      encap: way,
      routeBy: ways,
      ...(ways.includes('source') && { sourceRoutes: routesOf(vip) }),
    };
    return [{ put }, ...REALS.map((_, i) => ({ put: backendOf(vipKey(put), reals, i + 1) }))];
  });
}

/** Every real stands under every VIP: packets may name all of them. */
function backendOf(vip: string, reals: readonly number[], index: number): Backend {
  const ids = SERVER_IDS.filter(([, real]) => real === index).map(([id]) => id);
  const isReal = reals.includes(index);
  return {
    vip,
    address: REALS[index - 1] as string,
    weight: isReal ? 1 : 0,
    ...(ids.length > 0 && { serverId: ids }),
    katran: [
      ...(index === DOWN ? (['down'] as const) : []),
      ...(index === LOCAL ? (['local'] as const) : []),
      ...(isReal ? [] : (['named'] as const)),
    ],
  };
}

function routesOf({ address }: SceneVip): Record<string, string> {
  const ofFamily = ROUTES.filter(([prefix]) => prefix.includes(':') === address.includes(':'));
  return Object.fromEntries(ofFamily.map(([prefix, real]) => [prefix, REALS[real - 1] as string]));
}

export function modelConfig({ encap, answersTooBig, decap, strict }: SceneOptions): ModelConfig {
  return {
    vips: VIPS.map(modelVip),
    reals: REALS.map((address, i) => ({ address: wire(address), isLocal: i + 1 === LOCAL })),
    serverIds: new Map(SERVER_IDS),
    routes: ROUTES.map(([prefix, real]) => {
      const [address, bits] = prefix.split('/') as [string, string];
      return { isV6: address.includes(':'), bytes: wire(address), bits: Number(bits), real };
    }),
    destinations: DESTINATIONS.map(({ address, egress }) => ({ address: wide(address), egress })),
    own: { v4: wire(OWN.ipv4), v6: wire(OWN.ipv6) },
    router: Uint8Array.from(Buffer.from(ROUTER.replaceAll(':', ''), 'hex')),
    gue: encap === 'gue',
    guePort: GUE_PORT,
    frameBytesMax: FRAME_BYTES_MAX,
    answersTooBig,
    tcpServerIds: true,
    localDelivery: true,
    decapIpip: decap,
    decapGue: decap,
    strict,
  };
}

const rings = new Map<string, readonly number[]>();

function modelVip({ address, protocol, port, reals, katran = [], routeBy = [] }: SceneVip): ModelVip {
  const [network, bits] = address.split('/') as [string, string | undefined];
  return {
    name: `${protocol}/${address}:${port}`,
    address: wide(network),
    ...(bits !== undefined && { prefix: Number(bits) }),
    port,
    proto: protocol === 'tcp' ? 6 : 17,
    flags: new Set<string>([...katran, ...routeBy]),
    ring: ringOf(reals),
    down: new Set([DOWN]),
  };
}

function ringOf(reals: readonly number[]): readonly number[] {
  const known = rings.get(String(reals));
  if (known !== undefined) return known;
  const backends = reals.map((real) => ({ identity: wire(REALS[real - 1] as string), weight: 1 }));
  const ring = katranTable(backends, SLOTS, 1).map((place) => reals[place] ?? 0);
  rings.set(String(reals), ring);
  return ring;
}

/** As it is on the wire. */
export function wire(address: string): Uint8Array {
  const bytes = addressBytes(address);
  return isMapped(bytes) ? bytes.slice(12) : bytes;
}

/** As Katran keeps it. */
function wide(address: string): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set(wire(address));
  return bytes;
}
