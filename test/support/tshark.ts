// test/support/tshark.ts: frames as Wireshark's dissectors read them, with every checksum verified.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';

const TSHARK_TIMEOUT_MS = 60_000;

/** True when there is a tshark. */
export const isThere: boolean = spawnSync('tshark', ['--version'], { stdio: 'ignore' }).status === 0;

export const GOOD = '1'; // proto_checksum_vals of Wireshark: 0 bad, 1 good, 2 not verified, 3 not present
export const BAD = '0';
export const ABSENT = '3';
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
  'icmp.checksum.status',
  'icmpv6.checksum.status',
  'ip.dsfield.dscp',
  'ip.dsfield.ecn',
  'ipv6.tclass.dscp',
  'ip.flags.df',
  'ip.id',
  'udp.srcport',
  'udp.dstport',
  'tcp.seq_raw',
  'tcp.len',
  'tcp.flags.fin',
  'gre.proto',
  'vlan.id',
  'arp.opcode',
  '_ws.malformed',
  '_ws.expert.severity',
  '_ws.expert.message',
] as const;
export type Dissected = Record<(typeof FIELDS)[number], string[]>;

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

/** More for tshark: arguments, and a Lua script. */
export interface Reading {
  args?: readonly string[];
  lua?: string;
}

/** Has tshark read `frames` and returns its fields of each. */
export function dissect(frames: readonly Uint8Array[], { args = [], lua }: Reading = {}): Dissected[] {
  const folder = mkdtempSync(join(tmpdir(), 'maglev-dsr-tshark-'));
  try {
    const file = join(folder, 'frames.pcap');
    writeFileSync(file, pcap(frames));
    const checks = ['ip', 'tcp', 'udp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`]);
    // What our frames carry above TCP and UDP is not what their ports say.
    const plain = ['dns', 'http'].flatMap((protocol) => ['--disable-protocol', protocol]);
    const format = ['-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=a', '-E', 'aggregator=;'];
    const fields = FIELDS.flatMap((field) => ['-e', field]);
    const script = join(folder, 'script.lua');
    if (lua !== undefined) writeFileSync(script, lua);
    const more = lua === undefined ? args : [...args, '-X', `lua_script:${script}`];
    const run = spawnSync('tshark', ['-n', '-r', file, ...more, ...checks, ...plain, ...format, ...fields], {
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

/** Not malformed, and no warning or error. */
export function assertNoComplaint(dissected: Dissected): void {
  assert.equal(dissected['_ws.malformed'], []);
  const complaints = dissected['_ws.expert.severity'].filter((severity) => Number(severity) >= WARNING);
  assert.equal(complaints, [], dissected['_ws.expert.message'].join('; '));
}

/** Layers of a frame; whether tshark takes the payload apart depends on the frames it saw before. */
export function layersOf(dissected: Dissected): string {
  return dissected['frame.protocols'].join(';').replace(/:data$/, '');
}
