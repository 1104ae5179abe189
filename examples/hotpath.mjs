// @ts-check
// examples/hotpath.mjs: the hot path without I/O. Takes one frame to its verdict, then a batch without making garbage.
// Needs no root, no network and no koffi, and runs on any system.
//
//   node examples/hotpath.mjs

import assert from 'node:assert/strict';
import { createHotPath, verdictName } from 'maglev-dsr/hotpath';

const VIP = 'tcp/192.0.2.80:80';
const BATCH_FRAMES = 8;

const hotPath = await createHotPath({
  hashSecret: 'at least 16 bytes, the same on every balancer', // left out: a random one, and other shares of the flows at every start
  tablesMiB: 4, // memory is claimed at start; the defaults are made for more VIPs and flows than this
  flowsMax: 4096,
  mac: '02:00:00:00:00:01', // what our frames leave with
  nextHops: { '10.0.1.9': '02:00:00:00:01:09', '10.0.1.10': '02:00:00:00:01:10' },
});

// All of these, or none: a record that breaks a rule rejects, naming the field and the rule.
const { generation, buildMs } = await hotPath.apply([
  { put: { address: '192.0.2.80', protocol: 'tcp', port: 80 } },
  { put: { vip: VIP, address: '10.0.1.9' } },
  { put: { vip: VIP, address: '10.0.1.10', weight: 3 } },
]);
console.log(`generation ${generation}, built in ${buildMs.toFixed(1)} ms`);
for (const [address, slots] of hotPath.slots(VIP)) console.log(`  ${address} has ${slots} slots`);

// One frame, copied in. The frames of the outcome are views: good until the next call.
const { verdict, backend, frames } = hotPath.forward(synFrame(50_000));
console.log(`port 50000: ${verdict} to ${backend}, to MAC ${macText(frames[0])}`);

// The same without garbage: write into the cells, run them, read numbers.
const batch = hotPath.batch(BATCH_FRAMES);
for (let i = 0; i < BATCH_FRAMES; i++) {
  const frame = synFrame(50_001 + i);
  batch.input(i).set(frame);
  batch.setLength(i, frame.length);
}
batch.run();
for (let i = 0; i < BATCH_FRAMES; i++) {
  const base = batch.outputBase(i);
  const out = batch.bytes.subarray(base, base + batch.outputLength(i));
  console.log(`port ${50_001 + i}: ${verdictName(batch.verdict(i))}, to MAC ${macText(out)}`);
}

const stats = hotPath.stats();
assert.equal(stats.verdicts.FORWARD_L2, 1 + BATCH_FRAMES);
assert.equal(stats.vips[VIP]?.packets, 1 + BATCH_FRAMES);
console.log(`${stats.verdicts.FORWARD_L2} frames forwarded`);

/**
 * A TCP SYN from 198.51.100.7 to the VIP: Ethernet, IPv4 (RFC 791), TCP (RFC 9293). Its checksums are 0: a balancer
 * looks at neither, it only takes one off the TTL and mends the IPv4 sum by the same amount.
 * @param {number} sourcePort
 */
function synFrame(sourcePort) {
  const frame = new Uint8Array(54);
  const view = new DataView(frame.buffer);
  frame.set([0x02, 0, 0, 0, 0, 0x01, 0x02, 0, 0, 0, 0x0c, 0x01, 0x08, 0x00]); // to us, from a router, IPv4
  view.setUint8(14, 0x45);
  view.setUint16(16, 40);
  view.setUint8(22, 64); // TTL
  view.setUint8(23, 6); // TCP
  frame.set([198, 51, 100, 7, 192, 0, 2, 80], 26);
  view.setUint16(34, sourcePort);
  view.setUint16(36, 80);
  view.setUint16(46, 0x5002); // 5 words of header, SYN
  return frame;
}

/**
 * Destination MAC address of a frame.
 * @param {Uint8Array | undefined} frame
 */
function macText(frame) {
  return Array.from(frame?.subarray(0, 6) ?? [], (byte) => byte.toString(16).padStart(2, '0')).join(':');
}
