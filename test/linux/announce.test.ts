import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { announcementFrame } from '../../host/linux/announce.js';
import { dump, errorOf, hex } from './netns.js';

const Announce = suite('linux/announce');
const MAC = '02:00:00:00:00:01';

Announce('IPv4: an ARP announcement', () => {
  // By hand, after RFC 826 and RFC 5227, section 2.3.
  assert.fixture(
    dump(announcementFrame(MAC, '192.0.2.80')),
    dump(hex`
      ff ff ff ff ff ff 02 00 00 00 00 01 08 06    // to everybody, ARP
      00 01 08 00 06 04 00 01                      // Ethernet, IPv4, request
      02 00 00 00 00 01 c0 00 02 50                // sender: we, 192.0.2.80
      00 00 00 00 00 00 c0 00 02 50                // target: 192.0.2.80
    `),
  );
});

Announce('IPv6: an unsolicited neighbour advertisement', () => {
  // By hand, after RFC 8200 and RFC 4861, section 4.4; the checksum from a Python program over the pseudo header.
  assert.fixture(
    dump(announcementFrame(MAC, '2001:db8::80')),
    dump(hex`
      33 33 00 00 00 01 02 00 00 00 00 01 86 dd    // to all nodes, IPv6
      60 00 00 00 00 20 3a ff                      // 32 bytes, ICMPv6, hop limit 255
      20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 80
      ff 02 00 00 00 00 00 00 00 00 00 00 00 00 00 01
      88 00 f8 2c 20 00 00 00                      // type 136, override
      20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 80
      02 01 02 00 00 00 00 01                      // target link-layer address
    `),
  );
});

Announce('refuses what is not an address', async () => {
  assert.is((await errorOf(() => announcementFrame(MAC, '192.0.2.0/24'))).code, 'ERR_OPTION');
  const error = await errorOf(() => announcementFrame('02:00', '192.0.2.80'));
  assert.is(error.message, 'mac "02:00" must be a MAC address such as 02:00:00:00:00:01');
});

const hasTshark = spawnSync('tshark', ['-v']).status === 0;
if (!hasTshark) console.log('skipped: tshark reads the announcements: tshark(1) is not installed');
(hasTshark ? Announce : Announce.skip)('tshark reads them as such, and finds the checksum right', () => {
  const frames = ['192.0.2.80', '2001:db8::80', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'];
  const folder = mkdtempSync(join(tmpdir(), 'maglev-announce-'));
  try {
    const file = join(folder, 'frames.pcap');
    writeFileSync(file, pcap(frames.map((vip) => announcementFrame(MAC, vip))));
    const fields = ['arp.isannouncement', 'icmpv6.type', 'icmpv6.checksum.status', 'icmpv6.opt.linkaddr', '_ws.expert'];
    const args = ['-r', file, '-T', 'fields', '-E', 'separator=,', ...fields.flatMap((field) => ['-e', field])];
    const { stdout } = spawnSync('tshark', args, { encoding: 'utf8', timeout: 30_000 });
    assert.is(stdout, '1,,,,\n,136,1,02:00:00:00:00:01,\n,136,1,02:00:00:00:00:01,\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** A capture file: the global header, then a record a frame (draft-ietf-opsawg-pcap). */
function pcap(frames: readonly Uint8Array[]): Uint8Array {
  const parts = [Buffer.from(new Uint32Array([0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1]).buffer)];
  for (const frame of frames) {
    parts.push(Buffer.from(new Uint32Array([0, 0, frame.length, frame.length]).buffer), Buffer.from(frame));
  }
  return Buffer.concat(parts);
}

Announce.run();
