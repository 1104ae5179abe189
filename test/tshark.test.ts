// What leaves, as another program reads it: Wireshark's dissectors over frames in a capture file, with every checksum
// verified. The skipped cases need tshark: apt-get install tshark.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FrameMeta, HotPath } from '../host/hotpath.js';
import * as v4 from './golden/forward4.js';
import * as v6 from './golden/forward6.js';
import * as neighbours from './golden/neighbour.js';
import { GOLDEN, goldenHotPath, virtioHeader } from './support/hotpath.js';

const TSHARK_TIMEOUT_MS = 60_000;
const isThere = spawnSync('tshark', ['--version'], { stdio: 'ignore' }).status === 0;
const Tshark = suite('tshark');
const test = isThere ? Tshark : Tshark.skip;
if (!isThere) console.log('tshark skipped: the program tshark is not installed (Debian: apt-get install tshark)');

const GOOD = '1'; // proto_checksum_vals of Wireshark: 0 bad, 1 good, 2 not verified
const BAD = '0';
const WARNING = 0x600000; // PI_WARN; notes and chats are below

// Fields asked of every frame. Each has one value a layer, outermost first.
const FIELDS = [
  'frame.protocols',
  'ip.src',
  'ip.dst',
  'ip.ttl',
  'ip.checksum.status',
  'ipv6.src',
  'ipv6.dst',
  'ipv6.hlim',
  'ipv6.flow',
  'tcp.checksum.status',
  'udp.checksum.status',
  'icmpv6.checksum.status',
  'vlan.id',
  'arp.opcode',
  '_ws.malformed',
  '_ws.expert.severity',
  '_ws.expert.message',
] as const;
type Dissected = Record<(typeof FIELDS)[number], string[]>;

/** pcap, classic: a file header and one header a packet, LINKTYPE_ETHERNET. */
function pcap(frames: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16); // longest packet
  header.writeUInt32LE(1, 20);
  const records = frames.map((frame, i) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(i, 0); // a second each
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    return Buffer.concat([record, frame]);
  });
  return Buffer.concat([header, ...records]);
}

/** Has tshark read `frames` and returns its fields of each. */
function dissect(frames: readonly Uint8Array[]): Dissected[] {
  const folder = mkdtempSync(join(tmpdir(), 'maglev-dsr-tshark-'));
  try {
    const file = join(folder, 'frames.pcap');
    writeFileSync(file, pcap(frames));
    const checks = ['ip', 'tcp', 'udp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`]);
    // What our frames carry above TCP and UDP is not what their ports say.
    const plain = ['dns', 'http'].flatMap((protocol) => ['--disable-protocol', protocol]);
    const format = ['-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=a', '-E', 'aggregator=;'];
    const fields = FIELDS.flatMap((field) => ['-e', field]);
    const run = spawnSync('tshark', ['-n', '-r', file, ...checks, ...plain, ...format, ...fields], {
      encoding: 'utf8',
      timeout: TSHARK_TIMEOUT_MS,
      env: { ...process.env, HOME: folder }, // nobody's preferences
    });
    if (run.status !== 0) throw new Error(`tshark ended with ${run.status ?? run.signal}: ${run.stderr}`);
    const lines = run.stdout.split('\n').slice(0, frames.length);
    return lines.map((line) => {
      const values = line.split('\t').map((value) => (value === '' ? [] : value.split(';')));
      return Object.fromEntries(FIELDS.map((field, i) => [field, values[i] ?? []])) as Dissected;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What leaves because of `frame`. */
function sent(hotPath: HotPath, frame: Uint8Array, meta?: FrameMeta): Uint8Array {
  const { verdict, frames } = hotPath.forward(frame, meta);
  const [first] = frames;
  if (first === undefined) throw new Error(`nothing left: ${verdict}`);
  return first.slice();
}

function assertNoComplaint(dissected: Dissected): void {
  assert.equal(dissected['_ws.malformed'], []);
  const complaints = dissected['_ws.expert.severity'].filter((severity) => Number(severity) >= WARNING);
  assert.equal(complaints, [], dissected['_ws.expert.message'].join('; '));
}

/** Layers of a frame; whether tshark takes the payload apart depends on the frames it saw before. */
function layersOf(dissected: Dissected): string {
  return dissected['frame.protocols'].join(';').replace(/:data$/, '');
}

const half = (start: number, offset: number): FrameMeta => ({ virtio: virtioHeader({ start, offset }) });

test('4in4: TCP and UDP, whole and completed checksums, options, a VLAN tag', async () => {
  const hotPath = await goldenHotPath({ type: 'ipip' });
  const cases: [frame: Uint8Array, meta: FrameMeta | undefined, layers: string, transport: 'tcp' | 'udp'][] = [
    [v4.SYN, undefined, 'eth:ethertype:ip:ip:tcp', 'tcp'],
    [v4.DATA_TAGGED, undefined, 'eth:ethertype:vlan:ethertype:ip:ip:tcp', 'tcp'],
    [v4.DATA_HALF, half(34, 16), 'eth:ethertype:ip:ip:tcp', 'tcp'],
    [v4.UDP_HALF, half(34, 6), 'eth:ethertype:ip:ip:udp', 'udp'],
    [v4.UDP_ZERO_HALF, half(34, 6), 'eth:ethertype:ip:ip:udp', 'udp'],
    [v4.OPTIONS, undefined, 'eth:ethertype:ip:ip:udp', 'udp'],
  ];
  const all = dissect(cases.map(([frame, meta]) => sent(hotPath, frame, meta)));
  assert.is(all.length, cases.length);
  all.forEach((dissected, i) => {
    const [frame, , layers, transport] = cases[i] ?? [v4.SYN, undefined, '', 'tcp'];
    assertNoComplaint(dissected);
    assert.is(layersOf(dissected), layers);
    assert.equal(dissected['ip.src'], [GOLDEN.outerSource.ipv4, '198.51.100.7']);
    assert.equal(dissected['ip.dst'], [GOLDEN.backend4, GOLDEN.vip4]);
    assert.equal(dissected['ip.ttl'], ['64', '63']);
    assert.equal(dissected['ip.checksum.status'], [GOOD, GOOD]);
    assert.equal(dissected[`${transport}.checksum.status`], [GOOD]);
    assert.equal(dissected['vlan.id'], frame === v4.DATA_TAGGED ? ['42'] : []);
  });
});

test('6in6: TCP and UDP, whole and completed checksums', async () => {
  const hotPath = await goldenHotPath({ type: 'ipip' });
  const cases: [frame: Uint8Array, meta: FrameMeta | undefined, layers: string, transport: 'tcp' | 'udp'][] = [
    [v6.SYN, undefined, 'eth:ethertype:ipv6:ipv6:tcp', 'tcp'],
    [v6.DATA_HALF, half(54, 16), 'eth:ethertype:ipv6:ipv6:tcp', 'tcp'],
    [v6.UDP_HALF, half(54, 6), 'eth:ethertype:ipv6:ipv6:udp', 'udp'],
    [v6.UDP_ZERO_HALF, half(54, 6), 'eth:ethertype:ipv6:ipv6:udp', 'udp'],
  ];
  const all = dissect(cases.map(([frame, meta]) => sent(hotPath, frame, meta)));
  assert.is(all.length, cases.length);
  all.forEach((dissected, i) => {
    const [, , layers, transport] = cases[i] ?? [v6.SYN, undefined, '', 'tcp'];
    assertNoComplaint(dissected);
    assert.is(layersOf(dissected), layers);
    assert.equal(dissected['ipv6.src'], [GOLDEN.outerSource.ipv6, '2001:db8:c::7']);
    assert.equal(dissected['ipv6.dst'], [GOLDEN.backend6, GOLDEN.vip6]);
    assert.equal(dissected['ipv6.hlim'], ['64', '63']);
    assert.is(Number(dissected['ipv6.flow'][1]), 0x12345, 'the flow label of the client');
    assert.equal(dissected[`${transport}.checksum.status`], [GOOD]);
  });
});

test('L2: header and transport checksums are right, completed ones too', async () => {
  const hotPath = await goldenHotPath({ type: 'l2' });
  const all = dissect([
    sent(hotPath, v4.SYN),
    sent(hotPath, v4.DATA_HALF, half(34, 16)),
    sent(hotPath, v6.DATA_HALF, half(54, 16)),
  ]);
  for (const dissected of all) {
    assertNoComplaint(dissected);
    assert.equal(dissected['tcp.checksum.status'], [GOOD]);
  }
  assert.equal(
    all.map((dissected) => dissected['ip.checksum.status']),
    [[GOOD], [GOOD], []],
  );
});

test('answers to ARP and neighbour discovery', async () => {
  const hotPath = await goldenHotPath({ type: 'l2' }, { announce: true });
  const [arp, advertisement, toAll] = dissect([
    sent(hotPath, neighbours.ARP_REQUEST, { packetType: 1 }),
    sent(hotPath, neighbours.NS, { packetType: 2 }),
    sent(hotPath, neighbours.NS_DAD, { packetType: 2 }),
  ]);
  for (const dissected of [arp, advertisement, toAll]) assertNoComplaint(dissected as Dissected);
  assert.equal(arp?.['arp.opcode'], ['2']);
  assert.equal(advertisement?.['icmpv6.checksum.status'], [GOOD]);
  assert.equal(toAll?.['icmpv6.checksum.status'], [GOOD]);
  assert.equal(toAll?.['ipv6.dst'], ['ff02::1']);
});

test('and it does complain where there is reason: a half checksum, a wrong header checksum', () => {
  const wrongHeader = Uint8Array.from(v4.SYN);
  wrongHeader[22] = 63; // a TTL nobody told the checksum about
  const [halfDone, wrong] = dissect([v4.DATA_HALF, wrongHeader]);
  assert.equal(halfDone?.['tcp.checksum.status'], [BAD]);
  assert.equal(wrong?.['ip.checksum.status'], [BAD]);
});

Tshark.run();
