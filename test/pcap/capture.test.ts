// Capture files, both formats in both byte orders: headers by hand from the drafts, and editcap and tshark as the other side.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CapturedFrame, openCapture } from '../../host/pcap/capture.js';
import { Output, writeCaptured, writeCaptureHeader } from '../../host/pcap/output.js';
import { hex } from '../support/hex.js';

const Pcap = suite('pcap/capture');
let folder = '';
Pcap.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'maglev-dsr-test-'));
});
Pcap.after(() => rmSync(folder, { recursive: true, force: true }));

type Kept = { timeNs: bigint; originalBytes: number; bytes: string };

async function read(bytes: Uint8Array): Promise<Kept[]> {
  const path = join(folder, 'in.pcap');
  writeFileSync(path, bytes);
  return readFile(path);
}

async function readFile(path: string): Promise<Kept[]> {
  const capture = await openCapture(path);
  const keep = ({ timeNs, originalBytes, bytes }: CapturedFrame) => ({
    timeNs,
    originalBytes,
    bytes: bytes.toString('hex'),
  });
  const frames: Kept[] = [];
  try {
    for await (const frame of capture.frames()) frames.push(keep(frame));
  } finally {
    await capture.close();
  }
  return frames;
}

async function refusal(bytes: Uint8Array): Promise<string> {
  try {
    await read(bytes);
  } catch (error) {
    assert.is((error as { code?: string }).code, 'ERR_CAPTURE');
    return (error as Error).message.replace(folder, '');
  }
  throw new Error('was not refused');
}

const FRAME = { timeNs: 1_700_000_000_123_456_000n, originalBytes: 60, bytes: '0102030405060708' };
const HEADER = {
  bigMicroseconds: hex`a1b2c3d4 0002 0004 00000000 00000000 00040000 00000001`,
  littleMicroseconds: hex`d4c3b2a1 0200 0400 00000000 00000000 00000400 01000000`,
  bigNanoseconds: hex`a1b23c4d 0002 0004 00000000 00000000 00040000 00000001`,
  littleNanoseconds: hex`4d3cb2a1 0200 0400 00000000 00000000 00000400 01000000`,
};
const BIG = hex`6553f100 0001e240 00000008 0000003c 0102030405060708`; // 1700000000 s, 123456
const LITTLE = hex`00f15365 40e20100 08000000 3c000000 0102030405060708`;

Pcap('classic: both byte orders, micro- and nanoseconds', async () => {
  const ns = { ...FRAME, timeNs: 1_700_000_000_000_123_456n };
  assert.equal(await read(Buffer.concat([HEADER.bigMicroseconds, BIG])), [FRAME]);
  assert.equal(await read(Buffer.concat([HEADER.littleMicroseconds, LITTLE, LITTLE])), [FRAME, FRAME]);
  assert.equal(await read(Buffer.concat([HEADER.bigNanoseconds, BIG])), [ns]);
  assert.equal(await read(Buffer.concat([HEADER.littleNanoseconds, LITTLE])), [ns]);
});

const SECTION = hex`0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c`;
const SECTION_LITTLE = hex`0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000`;
const INTERFACE = hex`00000001 00000014 0001 0000 00000000 00000014`;
const INTERFACE_NS = hex`00000001 00000020 0001 0000 00000000 0009 0001 09000000 0000 0000 00000020`;
const INTERFACE_LITTLE = hex`01000000 14000000 0100 0000 00000000 14000000`;
/** An enhanced packet block, big-endian, of interface 0 or 1. */
const packet = (id: number, high: number, low: number): Uint8Array => {
  const words = Buffer.alloc(12);
  for (const [i, word] of [id, high, low].entries()) words.writeUInt32BE(word, 4 * i);
  return hex`00000006 00000028 ${words} 00000008 0000003c 0102030405060708 00000028`;
};

Pcap('pcapng: sections, interfaces with their resolutions, unknown blocks passed over', async () => {
  const unknown = hex`00000bad 00000010 deadbeef 00000010`;
  const microseconds = packet(0, 0x00060a24, 0x181e8240);
  const nanoseconds = packet(1, 0x179779a1, 0);
  const [first, second] = await read(
    Buffer.concat([SECTION, INTERFACE, INTERFACE_NS, unknown, microseconds, nanoseconds]),
  );
  assert.equal(first, { ...FRAME, timeNs: ((0x00060a24n << 32n) | 0x181e8240n) * 1000n });
  assert.equal(second, { ...FRAME, timeNs: 0x179779a1n << 32n });
});

Pcap('pcapng: a little-endian section behind a big-endian one has its own interfaces', async () => {
  const little = hex`06000000 28000000 00000000 00000000 e8030000 08000000 3c000000 0102030405060708 28000000`;
  const all = Buffer.concat([SECTION, INTERFACE, packet(0, 0, 1000), SECTION_LITTLE, INTERFACE_LITTLE, little]);
  assert.equal(await read(all), [
    { ...FRAME, timeNs: 1_000_000n },
    { ...FRAME, timeNs: 1_000_000n },
  ]);
  assert.is(
    await refusal(Buffer.concat([SECTION, INTERFACE, SECTION_LITTLE, little])),
    '/in.pcap offset 116: interface 0, expected one of the 0 described before',
  );
});

Pcap('pcapng: simple packet blocks are cut at the snap length', async () => {
  const short = hex`00000001 00000014 0001 0000 00000008 00000014`;
  const simple = hex`00000003 00000018 0000003c 0102030405060708 00000018`;
  assert.equal(await read(Buffer.concat([SECTION, short, simple])), [{ ...FRAME, timeNs: 0n }]);
});

for (const [name, bytes, message] of [
  ['no capture', hex`00112233 4455`, 'offset 0: magic number 0x00112233, expected that of a pcap or pcapng file'],
  ['an empty file', hex``, 'offset 0: magic number 0 bytes, expected 4 more bytes'],
  [
    'another link type',
    hex`a1b2c3d4 0002 0004 00000000 00000000 00040000 00000071`,
    'offset 24: link type 113, Linux cooked (any interface), expected 1, Ethernet: capture on one Ethernet interface',
  ],
  ['a cut header', hex`a1b2c3d4 0002`, 'offset 0: file header 6 bytes, expected 24 more bytes'],
  [
    'a cut record',
    Buffer.concat([HEADER.bigMicroseconds, BIG.subarray(0, 20)]),
    'offset 40: frame 4 bytes, expected 8 more bytes',
  ],
  [
    'a huge record',
    Buffer.concat([HEADER.bigMicroseconds, hex`6553f100 0001e240 7fffffff 7fffffff`]),
    'offset 40: captured length 2147483647, expected at most 262144',
  ],
  [
    'a block length that is odd',
    Buffer.concat([SECTION, hex`00000001 00000015 00010000`]),
    'offset 40: block length 21, expected a multiple of 4 of 12..16777216',
  ],
  [
    'a huge block',
    Buffer.concat([SECTION, hex`00000001 7ffffffc 00010000`]),
    'offset 40: block length 2147483644, expected a multiple of 4 of 12..16777216',
  ],
  [
    'a block that ends with another length',
    Buffer.concat([SECTION, hex`00000001 00000014 0001 0000 00000000 00000018`]),
    'offset 48: block length at its end 24, expected 20 again',
  ],
  [
    'a packet longer than its block',
    Buffer.concat([
      SECTION,
      INTERFACE,
      hex`00000006 00000024 00000000 00000000 00000000 00000009 00000009 01020304 00000024`,
    ]),
    'offset 84: captured length 9, expected at most 4',
  ],
  [
    'a section without byte order',
    hex`0a0d0d0a 0000001c 11223344 0001 0000 ffffffffffffffff 0000001c`,
    'offset 12: byte-order magic 0x11223344, expected 0x1a2b3c4d in either order',
  ],
] as const) {
  Pcap(`refuses ${name}: what, where, which value, which rule`, async () => {
    assert.is(await refusal(bytes), `/in.pcap ${message}`);
  });
}

const hasEditcap = spawnSync('editcap', ['--version']).status === 0;
if (!hasEditcap) console.log('editcap and tshark skipped: not installed (Debian: apt-get install tshark)');
const withTshark = hasEditcap ? Pcap : Pcap.skip;
withTshark('what is written here is read by tshark, and what editcap makes of it is read here', async () => {
  const path = join(folder, 'out.pcap');
  const output = await Output.open(path);
  writeCaptureHeader(output);
  const frames = Array.from({ length: 100 }, (_, i) => Buffer.alloc(60 + 13 * i, i));
  frames.forEach((frame, i) => {
    writeCaptured(output, 1_700_000_000_000_000_001n + BigInt(i) * 1_000_000_007n, frame);
  });
  await output.close();
  const seen = execFileSync('tshark', ['-r', path, '-T', 'fields', '-e', 'frame.time_epoch', '-e', 'frame.len'], {
    encoding: 'utf8',
  });
  assert.is(seen.split('\n')[99], '1700000099.000000694\t1347');
  const ng = join(folder, 'out.pcapng');
  execFileSync('editcap', ['-F', 'pcapng', path, ng]);
  const [direct, converted] = [await readFile(path), await readFile(ng)];
  assert.is(direct.length, 100);
  assert.equal(converted, direct);
  assert.equal(
    direct.map(({ bytes }) => bytes),
    frames.map((frame) => frame.toString('hex')),
  );
});
Pcap.run();
