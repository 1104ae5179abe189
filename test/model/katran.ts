// test/model/katran.ts: Katran's balancer, slowly: what assembly/compat/katran/ does, over plain byte arrays that are copied at every step,
// with big-endian reads, a Map for the connection table, and rings given as lists. Time is in ms.
import { jhash } from './jhash.js';

/** A VIP. Addresses are 16 bytes as Katran keeps them: an IPv4 one in the first four. */
export interface ModelVip {
  name: string;
  address: Uint8Array;
  /** Of an IPv6 prefix; undefined for one address. */
  prefix?: number;
  port: number;
  proto: number;
  flags: ReadonlySet<string>;
  /** Real by slot, 0 for none. */
  ring: readonly number[];
  down?: ReadonlySet<number>;
}

export interface ModelConfig {
  vips: readonly ModelVip[];
  /** Reals from index 1: addresses as they are on the wire, 4 or 16 bytes. */
  reals: readonly { address: Uint8Array; isLocal: boolean }[];
  serverIds: ReadonlyMap<number, number>;
  routes: readonly { isV6: boolean; bytes: Uint8Array; bits: number; real: number }[];
  destinations: readonly { address: Uint8Array; egress: boolean }[];
  own: { v4: Uint8Array; v6: Uint8Array };
  router: Uint8Array;
  gue: boolean;
  guePort: number;
  frameBytesMax: number;
  answersTooBig: boolean;
  tcpServerIds: boolean;
  localDelivery: boolean;
  decapIpip: boolean;
  decapGue: boolean;
  strict: boolean;
}

interface ModelOutcome {
  action: 'tx' | 'pass' | 'drop';
  bytes: Uint8Array;
  /** Index of the real, 0 for none. */
  real: number;
}

interface Packet {
  frame: Uint8Array;
  isV6: boolean;
  tos: number;
  plen: number;
  /** Of the frame's own IP header. */
  own: number;
  proto: number;
  src: Uint8Array;
  dst: Uint8Array;
  sport: [number, number];
  dport: [number, number];
  isError: boolean;
  isSyn: boolean;
  isRst: boolean;
}

const UDP_MS = 30_000;
const be16 = (b: Uint8Array, at: number): number => ((b[at] ?? 0) << 8) | (b[at + 1] ?? 0);
const slice = (b: Uint8Array, from: number, to = b.length): Uint8Array => Uint8Array.from(b.subarray(from, to));
const join = (...parts: (Uint8Array | number[])[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
const two = (n: number): number[] => [(n >>> 8) & 255, n & 255];
const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);
const hex = (b: Uint8Array): string => Buffer.from(b).toString('hex');
const wide = (a: Uint8Array): Uint8Array => join(a, new Uint8Array(16 - a.length));

function fold(sum: number): number {
  let s = sum;
  while (s > 0xffff) s = (s % 65536) + Math.floor(s / 65536);
  return s;
}

function sum16(b: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < b.length; at += 2) sum += be16(b, at);
  return sum;
}

const checksum = (b: Uint8Array): number => ~fold(sum16(b)) & 0xffff;

export class KatranModel {
  private readonly table = new Map<string, { real: number; time: number }>();
  /** Frames that each real got, by index. */
  readonly got = new Map<number, number>();

  constructor(private readonly config: ModelConfig) {}

  run(frame: Uint8Array, now: number): ModelOutcome {
    let at: ModelOutcome | Uint8Array = frame;
    while (at instanceof Uint8Array) at = this.round(at, now);
    return at;
  }

  /** The outcome, or what is to be taken through all of it again. */
  private round(frame: Uint8Array, now: number): ModelOutcome | Uint8Array {
    const end = (action: ModelOutcome['action'], bytes = frame): ModelOutcome => ({ action, bytes, real: 0 });
    const p = readLayer3(frame);
    if (typeof p === 'string') return end(p);
    const icmp = readIcmp(p);
    if (icmp !== undefined) return typeof icmp === 'string' ? end(icmp) : end('tx', icmp);
    if ((p.proto === 4 || p.proto === 41) && this.config.decapIpip) return this.decap(p, false);
    const ports = readPorts(p);
    if (ports !== undefined) return end(ports);
    if (p.proto === 17 && this.config.decapGue && be16(Uint8Array.from(p.dport), 0) === this.config.guePort) {
      return this.decap(p, true);
    }
    const vip = this.findVip(p);
    if (vip === undefined) return end('pass');
    if (frame.length > this.config.frameBytesMax) {
      return this.config.answersTooBig ? end('tx', tooBig(p, this.config.frameBytesMax - 14)) : end('drop');
    }
    const { real, remembered } = this.choose(p, vip, now);
    if (real === 0) return end('drop');
    this.got.set(real, (this.got.get(real) ?? 0) + 1);
    const local = this.config.localDelivery && vip.flags.has('local-vip') && this.config.reals[real - 1]?.isLocal;
    if (local) return { ...end('pass'), real };
    return { ...end('tx', this.encap(p, real, remembered)), real };
  }

  private findVip(p: Packet): ModelVip | undefined {
    const exact = this.vipAt(p, be16(Uint8Array.from(p.dport), 0));
    const port = be16(Uint8Array.from(p.dport), 0);
    const vip = exact ?? this.prefixAt(p, port) ?? this.vipAt(p, 0) ?? this.prefixAt(p, 0);
    if (vip === undefined) return undefined;
    if (exact === undefined && !vip.flags.has('hash-dst-port-only') && !vip.flags.has('hash-src-dst-port')) {
      p.dport = [0, 0];
    }
    if (vip.flags.has('hash-no-src-port')) p.sport = [0, 0];
    return vip;
  }

  private vipAt(p: Packet, port: number): ModelVip | undefined {
    return this.config.vips.find(
      (vip) => vip.prefix === undefined && vip.port === port && vip.proto === p.proto && same(vip.address, p.dst),
    );
  }

  private prefixAt(p: Packet, port: number): ModelVip | undefined {
    if (!p.isV6) return undefined;
    const holding = this.config.vips.filter(
      (vip) =>
        vip.prefix !== undefined && vip.port === port && vip.proto === p.proto && holds(vip.address, vip.prefix, p.dst),
    );
    return holding.sort((a, b) => (b.prefix ?? 0) - (a.prefix ?? 0))[0];
  }

  private choose(p: Packet, vip: ModelVip, now: number): { real: number; remembered: [number, number] } {
    const { flags } = vip;
    const remembered: [number, number] = [...p.sport];
    if (flags.has('quic') && !p.isError) {
      const real = this.serverId(quicId(payloadOf(p)));
      if (real !== 0) {
        this.note(p, real);
        return { real, remembered };
      }
    }
    if (flags.has('stable-udp') && p.proto === 17) {
      const payload = payloadOf(p);
      const isThere = payload[0] === 0x52 && payload.length >= 8;
      const real = isThere ? this.serverId((be16(payload, 1) << 8) | (payload[3] as number)) : 0;
      if (real !== 0) return { real, remembered };
    }
    let real = 0;
    if (this.config.tcpServerIds && p.proto === 6 && !p.isSyn) {
      real = this.serverId(optionId(p));
      if (real !== 0 && !flags.has('lru-bypass')) this.note(p, real);
    }
    if (real === 0 && !p.isSyn && !flags.has('lru-bypass')) real = this.lookUp(p, now);
    if (flags.has('udp-flow-migration') && p.proto === 17 && vip.down?.has(real)) real = 0;
    return { real: real === 0 ? this.chooseAnew(p, vip, now) : real, remembered };
  }

  private chooseAnew(p: Packet, vip: ModelVip, now: number): number {
    let real = vip.flags.has('source') ? this.route(p) : 0;
    if (real === 0) real = ringOf(p, vip);
    if (real !== 0 && !vip.flags.has('lru-bypass') && !p.isRst) {
      this.table.set(keyOf(p), { real, time: p.proto === 17 ? now : 0 });
    }
    return real;
  }

  private lookUp(p: Packet, now: number): number {
    const entry = this.table.get(keyOf(p));
    if (entry === undefined) return 0;
    if (p.proto === 17 && now - entry.time > UDP_MS) return 0;
    if (p.proto === 17) entry.time = now;
    return entry.real;
  }

  /** A real that the packet named. */
  private note(p: Packet, real: number): void {
    const entry = this.table.get(keyOf(p));
    if (entry === undefined) this.table.set(keyOf(p), { real, time: 0 });
    else entry.real = real;
  }

  private serverId(id: number): number {
    return id > 0 && id < 0xff_fffe ? (this.config.serverIds.get(id) ?? 0) : 0;
  }

  private route(p: Packet): number {
    const routes = this.config.routes.filter((r) => r.isV6 === p.isV6 && holds(wide(r.bytes), r.bits, p.src));
    return routes.sort((a, b) => b.bits - a.bits)[0]?.real ?? 0;
  }

  private encap(p: Packet, real: number, port: [number, number]): Uint8Array {
    const { address } = this.config.reals[real - 1] as { address: Uint8Array };
    const isOuterV6 = address.length === 16;
    const packet = slice(p.frame, 14);
    const inside = p.isV6 ? p.plen + 40 : p.plen;
    const s = [...p.src];
    const t = p.isV6 ? s.slice(12, 16) : s.slice(0, 4);
    const x = (a: number | undefined, b: number | undefined): number => (a ?? 0) ^ (b ?? 0);
    const ethernet = join(this.config.router, slice(p.frame, 0, 6), isOuterV6 ? [0x86, 0xdd] : [0x08, 0x00]);
    if (!this.config.gue) {
      const protocol = p.isV6 ? 41 : 4;
      const ip = isOuterV6
        ? ipv6(p.tos, inside, protocol, 64, ipip6Source(t, port), address)
        : ipv4(p.tos, inside + 20, protocol, Uint8Array.from([172, 16, x(port[1], s[2]), x(port[0], s[3])]), address);
      return join(ethernet, ip, packet);
    }
    const entropy = isOuterV6
      ? [x(s[p.isV6 ? 12 : 2], port[0]), x(s[p.isV6 ? 13 : 3], port[1])]
      : [x(port[1], s[2]), x(port[0], s[3])];
    const own = isOuterV6 ? this.config.own.v6 : this.config.own.v4;
    const udp = join(entropy, two(this.config.guePort), two(inside + 8), [0, 0]);
    const ip = isOuterV6 ? ipv6(p.tos, inside + 8, 17, 64, own, address) : ipv4(p.tos, inside + 28, 17, own, address);
    udp.set(two(gueChecksum(p, udp, join(own, address))), 6);
    return join(ethernet, ip, udp, packet);
  }

  private decap(p: Packet, inGue: boolean): ModelOutcome | Uint8Array {
    const found = this.config.destinations.find(({ address }) => same(address, p.dst));
    const own = wide(p.isV6 ? this.config.own.v6 : this.config.own.v4);
    if (found === undefined && this.config.strict && !same(own, p.dst))
      return { action: 'pass', bytes: p.frame, real: 0 };
    const outer = (p.isV6 ? 40 : 20) + (inGue ? 8 : 0);
    const isInnerV6 = inGue ? p.isV6 && ((p.frame[14 + outer] ?? 0) & 0x30) !== 0 : p.proto === 41;
    const frame = join(slice(p.frame, 0, 12), isInnerV6 ? [0x86, 0xdd] : [0x08, 0x00], slice(p.frame, 14 + outer));
    const dropped: ModelOutcome = { action: 'drop', bytes: frame, real: 0 };
    if (frame.length < (isInnerV6 ? 54 : 34)) return dropped;
    const ttlAt = isInnerV6 ? 21 : 22;
    frame[ttlAt] = ((frame[ttlAt] as number) - 1) & 255;
    if (!isInnerV6) {
      let sum = (frame[24] as number) + ((frame[25] as number) << 8) + 1;
      if (sum > 0xffff) sum -= 0xffff;
      frame.set([sum & 255, sum >> 8], 24);
    }
    if (frame[ttlAt] === 0) return dropped;
    if (found?.egress)
      return { action: 'tx', bytes: join(slice(frame, 6, 12), slice(frame, 0, 6), slice(frame, 12)), real: 0 };
    if (found !== undefined) return frame;
    const inner = inGue ? readLayer3(frame) : 'pass';
    const answered = typeof inner === 'string' ? undefined : readIcmp(inner);
    return { action: 'pass', bytes: answered instanceof Uint8Array ? answered : frame, real: 0 };
  }
}

function readLayer3(frame: Uint8Array): Packet | 'drop' | 'pass' {
  if (frame.length < 14) return 'drop';
  const type = be16(frame, 12);
  const rest = { frame, sport: [0, 0], dport: [0, 0], isError: false, isSyn: false, isRst: false } as const;
  if (type === 0x0800) {
    if (frame.length < 34 || ((frame[14] as number) & 15) !== 5 || (be16(frame, 20) & 0x3fff) !== 0) return 'drop';
    const own = frame[23] as number;
    const ends = { src: wide(slice(frame, 26, 30)), dst: wide(slice(frame, 30, 34)) };
    const fields = { isV6: false, tos: frame[15] as number, plen: be16(frame, 16), own, proto: own };
    return { ...rest, ...fields, ...ends, sport: [0, 0], dport: [0, 0] };
  }
  if (type !== 0x86dd) return 'pass';
  if (frame.length < 54 || frame[20] === 44) return 'drop';
  const own = frame[20] as number;
  const tos = (((frame[14] as number) & 15) << 4) | ((frame[15] as number) >> 4);
  const ends = { src: slice(frame, 22, 38), dst: slice(frame, 38, 54) };
  return { ...rest, isV6: true, tos, plen: be16(frame, 18), own, proto: own, ...ends, sport: [0, 0], dport: [0, 0] };
}

/** An answer, an action, or undefined to go on; the packet may be of another flow then. */
function readIcmp(p: Packet): Uint8Array | 'drop' | 'pass' | undefined {
  if (p.own !== 1 && p.own !== 58) return undefined;
  const { frame } = p;
  const t = p.isV6 ? 54 : 34;
  if (frame.length < t + 8) return 'drop';
  const type = frame[t] as number;
  const q = t + 8;
  if (p.own === 1) {
    if (type === 8) return echo4(frame);
    if (type !== 3) return 'pass';
    if (frame.length < q + 20 || ((frame[q] as number) & 15) !== 5) return 'drop';
    p.src = wide(slice(frame, q + 16, q + 20));
    p.dst = wide(slice(frame, q + 12, q + 16));
    p.proto = frame[q + 9] as number;
  } else {
    if (type === 128) return echo6(frame);
    if (type !== 1 && type !== 2) return 'pass';
    if (frame.length < q + 40) return 'drop';
    p.src = slice(frame, q + 24, q + 40);
    p.dst = slice(frame, q + 8, q + 24);
    p.proto = frame[q + 6] as number;
  }
  p.isError = true;
  return undefined;
}

function echo4(frame: Uint8Array): Uint8Array | 'drop' {
  if (frame.length < 42) return 'drop';
  const f = join(slice(frame, 6, 12), slice(frame, 0, 6), slice(frame, 12));
  f[34] = 0;
  const sum = (f[36] as number) + ((f[37] as number) << 8) + 8;
  f.set([sum & 255, (sum >> 8) & 255], 36);
  f[22] = 64;
  f.set(slice(frame, 30, 34), 26);
  f.set(slice(frame, 26, 30), 30);
  f.set([0, 0], 24);
  f.set(two(checksum(slice(f, 14, 34))), 24);
  return f;
}

function echo6(frame: Uint8Array): Uint8Array | 'drop' {
  if (frame.length < 62) return 'drop';
  const f = join(slice(frame, 6, 12), slice(frame, 0, 6), slice(frame, 12));
  f[54] = 129;
  const sum = (f[56] as number) + ((f[57] as number) << 8) - 1;
  f.set([sum & 255, (sum >> 8) & 255], 56);
  f[21] = 64;
  f.set(slice(frame, 38, 54), 22);
  f.set(slice(frame, 22, 38), 38);
  return f;
}

function portsAt(p: Packet): number {
  if (!p.isError) return p.isV6 ? 54 : 34;
  return p.isV6 ? 102 : 62;
}

function readPorts(p: Packet): 'drop' | 'pass' | undefined {
  const o = portsAt(p);
  const { frame } = p;
  if (p.proto === 6) {
    if (frame.length < o + 20) return 'drop';
    p.isSyn = ((frame[o + 13] as number) & 2) !== 0;
    p.isRst = ((frame[o + 13] as number) & 4) !== 0;
  } else if (p.proto === 17) {
    if (frame.length < o + 8) return 'drop';
  } else return 'pass';
  const [a, b, c, d] = slice(frame, o, o + 4) as unknown as [number, number, number, number];
  p.sport = p.isError ? [c, d] : [a, b];
  p.dport = p.isError ? [a, b] : [c, d];
  return undefined;
}

const payloadOf = (p: Packet): Uint8Array => slice(p.frame, portsAt(p) + 8);

function quicId(q: Uint8Array): number {
  if (q.length < 1) return 0;
  const first = q[0] as number;
  let at = 1;
  if ((first & 0x80) !== 0) {
    if (q.length < 14 || (first & 0x30) < 0x20 || (q[5] as number) < 8) return 0;
    at = 6;
  } else if (q.length < 9) return 0;
  const [c0, c1, c2, c3, c4] = slice(q, at, at + 5) as unknown as [number, number, number, number, number];
  if (c0 >> 6 === 1) return ((c0 & 0x3f) << 10) | (c1 << 2) | (c2 >> 6);
  if (c0 >> 6 === 2) return (c1 << 16) | (c2 << 8) | c3;
  return c0 >> 6 === 3 ? (c1 << 24) | (c2 << 16) | (c3 << 8) | c4 : 0;
}

function optionId({ frame, isV6 }: Packet): number {
  const h = isV6 ? 54 : 34;
  let left = (((frame[h + 12] as number) >> 4) * 4 - 20) & 255;
  if (left < 6) return 0;
  let at = h + 20;
  for (let i = 0; i < 15 && left > 0; i++) {
    const kind = frame[at];
    if (kind === undefined || kind === 0) return 0;
    if (kind === 1) {
      at++;
      left--;
      continue;
    }
    const length = frame[at + 1];
    if (left < 2 || length === undefined || length > left) return 0;
    if (kind === 0xb7) {
      if (length !== 6 || at + 6 > frame.length) return 0;
      const [b0, b1, b2, b3] = slice(frame, at + 2, at + 6) as unknown as [number, number, number, number];
      return (b0 | (b1 << 8) | (b2 << 16) | (b3 << 24)) >>> 0;
    }
    at += length;
    left -= length;
  }
  return 0;
}

function ringOf(p: Packet, { ring, flags }: ModelVip): number {
  if (flags.has('hash-dst-port-only')) {
    p.sport = [...p.dport];
    p.src = new Uint8Array(16);
  }
  const word = Buffer.alloc(4);
  if (p.isV6) word.writeUInt32LE(jhash(p.src, 512) >>> 0);
  else word.set(p.src.subarray(0, 4));
  const hash = jhash(join(word, p.sport, p.dport), 33_554_944) >>> 0;
  return ring[hash % ring.length] ?? 0;
}

const keyOf = (p: Packet): string => hex(join(p.src, p.dst, p.sport, p.dport, [p.proto]));

function holds(network: Uint8Array, bits: number, address: Uint8Array): boolean {
  for (let i = 0; i < bits; i++) {
    const bit = 0x80 >> (i & 7);
    if (((network[i >> 3] as number) & bit) !== ((address[i >> 3] as number) & bit)) return false;
  }
  return true;
}

function ipip6Source(t: number[], port: [number, number]): Uint8Array {
  const [t0 = 0, t1 = 0, t2 = 0, t3 = 0] = t;
  return join([1, 0], new Uint8Array(10), [t0 ^ port[0], t1 ^ port[1], t2, t3]);
}

function ipv4(tos: number, total: number, protocol: number, src: Uint8Array, dst: Uint8Array): Uint8Array {
  const header = join([0x45, tos], two(total), [0, 0, 0, 0, 64, protocol, 0, 0], src, dst);
  header.set(two(checksum(header)), 10);
  return header;
}

function ipv6(tos: number, payload: number, next: number, hops: number, src: Uint8Array, dst: Uint8Array): Uint8Array {
  return join([0x60 | (tos >> 4), (tos & 15) << 4, 0, 0], two(payload), [next, hops], src, dst);
}

function gueChecksum(p: Packet, udp: Uint8Array, ends: Uint8Array): number {
  const packet = slice(p.frame, 14);
  const header = p.isV6 ? 40 : 20;
  if (packet.length < header + (p.proto === 6 ? 20 : 8)) return 0;
  const outer = sum16(ends) + be16(udp, 4) + 17;
  const inner = p.isV6
    ? sum16(slice(packet, 8, 40)) + be16(packet, 4) + (packet[6] as number)
    : sum16(slice(packet, 12, 20)) + ((p.plen - 20) & 0xffff) + (packet[9] as number);
  // A large multiple of 65535 keeps the difference above 0, and means nothing in one's complement.
  return ~fold(sum16(slice(packet, 0, header)) + sum16(udp) + outer + 65_535 * 1000 - inner) & 0xffff;
}

function tooBig(p: Packet, mtu: number): Uint8Array {
  const { frame } = p;
  const macs = join(slice(frame, 6, 12), slice(frame, 0, 6), slice(frame, 12, 14));
  if (!p.isV6) {
    const icmp = join([3, 4, 0, 0, 0, 0], two(mtu), slice(frame, 14, 98));
    icmp.set(two(checksum(icmp)), 2);
    return join(macs, ipv4(0, 112, 1, slice(frame, 30, 34), slice(frame, 26, 30)), icmp);
  }
  const [src, dst] = [slice(frame, 38, 54), slice(frame, 22, 38)];
  const icmp = join([2, 0, 0, 0], two(0), two(mtu), slice(frame, 14, 262));
  icmp.set(two(checksum(join(src, dst, two(0), two(icmp.length), [0, 0, 0, 58], icmp))), 2);
  return join(macs, ipv6(0, 256, 58, 64, src, dst), icmp);
}
