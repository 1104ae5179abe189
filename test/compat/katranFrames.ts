// test/compat/katranFrames.ts: frames for Katran and its like: whole ones for the scene, with ids, options, quotations and tunnels; then one
// in three spoilt: cut short, longer than it says, with a bit or a byte turned.
import type { Dice } from '../fuzz/dice.js';
import { DESTINATIONS, OWN, SERVER_IDS, VIPS, wire } from './katranScene.js';

const CLIENTS4 = ['192.168.1.1', '192.168.100.9', '192.168.200.3', '172.16.0.1', '10.1.2.3'];
const CLIENTS6 = ['fc00:2::1', 'fc00:2307::7', 'fc00:2307:1::2', 'fc00:1::1', '2001:db8::9'];
const PORTS = [31337, 80, 443, 1025, 0, 65_535];
const ETHERNET = Buffer.from('020000000001' + '020000000002', 'hex');

interface Ends {
  src: Uint8Array;
  dst: Uint8Array;
}

/** A frame of at most `capacity` bytes. */
export function someFrame(dice: Dice, capacity: number): Uint8Array {
  const frame = dice.oneIn(40) ? noise(dice) : Buffer.concat([withEthernet(dice, packet(dice, 2))]);
  const padded = dice.oneIn(8) ? Buffer.concat([frame, Buffer.alloc(dice.below(30), 0x5a)]) : frame;
  return (dice.oneIn(3) ? spoil(dice, padded) : padded).subarray(0, capacity);
}

function noise(dice: Dice): Buffer {
  return Buffer.from(Array.from({ length: dice.below(80) }, () => dice.below(256)));
}

function spoil(dice: Dice, frame: Buffer): Buffer {
  const kind = dice.below(4);
  if (kind === 0) return frame.subarray(0, dice.below(frame.length + 1));
  if (kind === 1) return Buffer.concat([frame, Buffer.alloc(dice.below(1300), 1)]);
  const spoilt = Buffer.from(frame);
  for (let i = 0; i <= dice.below(3); i++) {
    const at = dice.below(Math.min(spoilt.length, 130) + 1);
    if (at < spoilt.length) spoilt[at] = kind === 2 ? dice.below(256) : (spoilt[at] as number) ^ (1 << dice.below(8));
  }
  return spoilt;
}

function withEthernet(dice: Dice, packet: Buffer): Buffer {
  const isV6 = ((packet[0] ?? 0) & 0xf0) === 0x60;
  const type = dice.oneIn(60) ? dice.pick([0x0806, 0x8100, 0x88a8]) : isV6 ? 0x86dd : 0x0800;
  return Buffer.concat([ETHERNET, be16(type), packet]);
}

/** An IP packet; `depth` tunnels at most around it. */
function packet(dice: Dice, depth: number): Buffer {
  if (depth > 0 && dice.oneIn(5)) return tunnel(dice, packet(dice, depth - 1));
  const isV6 = dice.oneIn(2);
  const kind = dice.below(8);
  if (kind === 0) return echo(dice, isV6);
  if (kind === 1) return icmpError(dice, isV6);
  return toVip(dice);
}

function toVip(dice: Dice): Buffer {
  const vip = dice.pick(VIPS);
  const isV6 = vip.address.includes(':');
  const [network = ''] = vip.address.split('/');
  const dst = Uint8Array.from(wire(network));
  if (vip.address.includes('/') || dice.oneIn(20)) dst[dst.length - 1] = dice.below(4);
  const src = wire(dice.pick(isV6 ? CLIENTS6 : CLIENTS4));
  const port = vip.port === 0 || dice.oneIn(12) ? dice.pick(PORTS) : vip.port;
  const protocol = dice.oneIn(30) ? dice.pick([6, 17, 132, 47]) : vip.protocol === 'tcp' ? 6 : 17;
  return ip(dice, isV6, { src, dst }, protocol, transport(dice, protocol, dice.pick(PORTS), port));
}

function ip(dice: Dice, isV6: boolean, ends: Ends, protocol: number, body: Buffer): Buffer {
  return isV6 ? ipv6(dice, ends, protocol, body) : ipv4(dice, ends, protocol, body);
}

function ipv4(dice: Dice, { src, dst }: Ends, protocol: number, body: Buffer): Buffer {
  const begin = dice.oneIn(40) ? 0x46 : 0x45;
  const flags = dice.oneIn(40) ? dice.pick([0x2000, 0x0001, 0x8000]) : dice.pick([0, 0x4000]);
  const total = dice.oneIn(20) ? dice.below(1 << 16) : 20 + body.length;
  const ttl = dice.pick([64, 64, 2, 1, 0]);
  const header = Buffer.from([
    begin,
    tos(dice),
    ...be16(total),
    0,
    1,
    ...be16(flags),
    ttl,
    protocol,
    ...be16(dice.below(1 << 16)),
  ]);
  return Buffer.concat([header, src, dst, body]);
}

function ipv6(dice: Dice, { src, dst }: Ends, protocol: number, body: Buffer): Buffer {
  const next = dice.oneIn(40) ? dice.pick([44, 0, 60]) : protocol;
  const length = dice.oneIn(20) ? dice.below(1 << 16) : body.length;
  const traffic = tos(dice);
  const header = Buffer.from([
    0x60 | (traffic >> 4),
    (traffic & 15) << 4,
    0,
    0,
    ...be16(length),
    next,
    dice.pick([64, 64, 2, 1, 0]),
  ]);
  return Buffer.concat([header, src, dst, body]);
}

function tos(dice: Dice): number {
  return dice.oneIn(4) ? dice.below(256) : 0;
}

function transport(dice: Dice, protocol: number, source: number, destination: number): Buffer {
  const ports = Buffer.from([...be16(source), ...be16(destination)]);
  if (protocol === 6) return tcp(dice, ports);
  const payload = udpPayload(dice);
  return Buffer.concat([ports, be16(8 + payload.length), be16(dice.oneIn(5) ? 0 : dice.below(1 << 16)), payload]);
}

function tcp(dice: Dice, ports: Buffer): Buffer {
  const options = tcpOptions(dice);
  const flags = dice.pick([0x10, 0x10, 0x10, 0x18, 0x02, 0x12, 0x04, 0x14]);
  const offset = dice.oneIn(20) ? dice.below(16) : 5 + options.length / 4;
  const rest = Buffer.from([offset << 4, flags, 0x20, 0, ...be16(dice.below(1 << 16)), 0, 0]);
  return Buffer.concat([ports, Buffer.alloc(8), rest, options, Buffer.alloc(dice.below(24), 0x6b)]);
}

/** NOPs, other options, and one that names a server, in any order; whole words. */
function tcpOptions(dice: Dice): Buffer {
  if (dice.oneIn(3)) return Buffer.alloc(0);
  const parts: number[] = [];
  while (parts.length < 20 && !dice.oneIn(4)) {
    const kind = dice.below(5);
    if (kind === 0) parts.push(1);
    else if (kind === 1) parts.push(8, 10, ...new Array<number>(8).fill(7));
    else if (kind === 2) parts.push(dice.pick([2, 0, 0xb7]), dice.pick([0, 1, 4, 6, 200]));
    else parts.push(0xb7, 6, ...le32(someId(dice)));
  }
  while (parts.length % 4 !== 0) parts.push(1);
  return Buffer.from(parts.slice(0, 40));
}

function someId(dice: Dice): number {
  if (dice.oneIn(6)) return dice.pick([0, 9, 0xff_fffe, 0xff_ffff, 0x8000_0000]);
  return dice.pick(SERVER_IDS)[0];
}

function udpPayload(dice: Dice): Buffer {
  const kind = dice.below(5);
  const id = someId(dice);
  const rest = Buffer.alloc(dice.below(20), 3);
  if (kind === 0) return rest;
  if (kind === 1) return Buffer.concat([Buffer.from([dice.oneIn(8) ? 0x53 : 0x52, ...be24(id)]), rest]);
  const connection = Buffer.concat([connectionId(dice, id), Buffer.alloc(4)]);
  if (kind === 2) return Buffer.concat([Buffer.from([dice.pick([0x40, 0x00, 0x5f])]), connection, rest]);
  const version = dice.pick([Buffer.from('00000001', 'hex'), Buffer.from('6b3343cf', 'hex')]);
  const first = 0x80 | (dice.below(4) << 4);
  return Buffer.concat([Buffer.from([first]), version, Buffer.from([dice.pick([8, 8, 20, 7, 0])]), connection, rest]);
}

function connectionId(dice: Dice, id: number): Buffer {
  const version = dice.below(4);
  if (version === 1) return Buffer.from([0x40 | ((id >> 10) & 0x3f), (id >> 2) & 255, (id & 3) << 6, 0, 0]);
  if (version === 2) return Buffer.from([0x80 | dice.below(64), ...be24(id), 0]);
  return Buffer.from([(version << 6) | dice.below(64), (id >>> 24) & 255, ...be24(id)]);
}

function echo(dice: Dice, isV6: boolean): Buffer {
  const ends = someEnds(dice, isV6);
  const isIcmp6 = dice.oneIn(6) ? !isV6 : isV6;
  const message = Buffer.concat([
    Buffer.from([isIcmp6 ? 128 : 8, 0, ...be16(dice.pick([0, 1, 0xff00, 0xfff8, 0xffff, 0x1234])), 1, 2, 3, 4]),
    Buffer.alloc(dice.below(40), 9),
  ]);
  return ip(dice, isV6, ends, isIcmp6 ? 58 : 1, message);
}

/** About a packet from a VIP to a client: of the family of the error, mostly. */
function icmpError(dice: Dice, isV6: boolean): Buffer {
  const isIcmp6 = dice.oneIn(6) ? !isV6 : isV6;
  const vips = VIPS.filter(({ address }) => address.includes(':') === isIcmp6 && !address.includes('/'));
  const vip = dice.pick(vips);
  const client = wire(dice.pick(isIcmp6 ? CLIENTS6 : CLIENTS4));
  const protocol = vip.protocol === 'tcp' ? 6 : 17;
  const port = vip.port === 0 ? dice.pick(PORTS) : vip.port;
  const quoted = ip(
    dice,
    isIcmp6,
    { src: wire(vip.address), dst: client },
    protocol,
    transport(dice, protocol, port, dice.pick(PORTS)),
  );
  const type = isIcmp6 ? dice.pick([2, 1, 3, 135]) : dice.pick([3, 3, 11]);
  const mtu = dice.pick([1500, 1280, 1279, 576]);
  const code = isIcmp6 ? dice.below(5) : dice.pick([4, 4, 3, 1, 0]);
  const head = Buffer.from([type, code, 0, 0, 0, 0, ...be16(mtu)]);
  const cut = dice.oneIn(3) ? quoted.subarray(0, (isIcmp6 ? 40 : 20) + dice.pick([0, 8, 19, 20])) : quoted;
  return ip(dice, isV6, someEnds(dice, isV6), isIcmp6 ? 58 : 1, Buffer.concat([head, cut]));
}

function someEnds(dice: Dice, isV6: boolean): Ends {
  const vips = VIPS.filter(({ address }) => address.includes(':') === isV6 && !address.includes('/'));
  return { src: wire(dice.pick(isV6 ? CLIENTS6 : CLIENTS4)), dst: wire(dice.pick(vips).address) };
}

/** Around `inner`: IPIP or GUE, to a decapsulation destination, to our own address, or to anybody. */
function tunnel(dice: Dice, inner: Buffer): Buffer {
  const isV6 = dice.oneIn(2);
  const all = [...DESTINATIONS.map(({ address }) => address), OWN.ipv4, OWN.ipv6, '10.9.9.9', 'fc00:9::9'];
  const dst = wire(dice.pick(all.filter((address) => address.includes(':') === isV6)));
  const ends = { src: wire(isV6 ? '100::1' : '172.16.1.1'), dst };
  const isInnerV6 = ((inner[0] ?? 0) & 0xf0) === 0x60;
  if (dice.oneIn(2)) return ip(dice, isV6, ends, dice.oneIn(10) ? 4 : isInnerV6 ? 41 : 4, inner);
  const udp = Buffer.from([...be16(31_337), ...be16(dice.oneIn(10) ? 6080 : 9886), ...be16(8 + inner.length), 0, 0]);
  return ip(dice, isV6, ends, 17, Buffer.concat([udp, inner]));
}

function be16(n: number): Buffer {
  return Buffer.from([(n >> 8) & 255, n & 255]);
}

function be24(n: number): number[] {
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
}

function le32(n: number): number[] {
  return [n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >>> 24) & 255];
}
