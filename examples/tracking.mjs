// @ts-check
// examples/tracking.mjs: what `tracking` is good for, counted. The same TCP connections go through three hot paths, one
// for each setting; then a backend joins, and later one is drained. A connection is broken when one of its packets goes
// to another backend than its SYN went to. Time is made up: ten minutes pass in a second.
//
//   node examples/tracking.mjs [connections]          default 20000
//
// The table is the same in all three; only what is remembered differs. Read `entries` as the state that must be kept.

import assert from 'node:assert/strict';
import { createHotPath } from 'maglev-dsr/hotpath';

/** @typedef {import('maglev-dsr/hotpath').HotPath} HotPath */
/** @typedef {import('maglev-dsr/hotpath').Tracking} Tracking */

const VIP = 'tcp/192.0.2.80:443';
const BACKENDS = ['10.0.1.1', '10.0.1.2', '10.0.1.3', '10.0.1.4'];
const NEWCOMER = '10.0.1.5';
const DRAINED = '10.0.1.1';
const CONNECTIONS = Number(process.argv[2] ?? 20_000);
const MINUTE_MS = 60_000;
const SYN = 0x02;
const ACK = 0x10;

assert.ok(Number.isInteger(CONNECTIONS) && CONNECTIONS >= 1 && CONNECTIONS <= 1_000_000, 'connections: 1..1000000');

/** @type {Tracking[]} */
const TRACKINGS = ['changed', 'all', 'none'];
const frame = packetTo443();
const rows = [];
for (const tracking of TRACKINGS) rows.push(await simulate(tracking));
console.log(`${CONNECTIONS} connections, ${BACKENDS.length} backends; ${NEWCOMER} joins, then ${DRAINED} is drained`);
console.table(rows);

/** @param {Tracking} tracking */
async function simulate(tracking) {
  let nowMs = 0;
  const hotPath = await createHotPath({
    hashSecret: 'the same table for all three',
    nowMs: () => nowMs,
    tablesMiB: 16,
    vipsMax: 1,
    backendsMax: 16,
    flowsMax: 4 * CONNECTIONS, // eight entries a bucket: room to spare, or a full bucket cannot take a flow
    nextHops: Object.fromEntries([...BACKENDS, NEWCOMER].map((address, i) => [address, `02:00:00:00:01:0${i + 1}`])),
  });
  await hotPath.apply([
    { put: { address: '192.0.2.80', protocol: 'tcp', port: 443, tracking } },
    ...BACKENDS.map((address) => ({ put: { vip: VIP, address } })),
  ]);

  const homes = Array.from({ length: CONNECTIONS }, (_, i) => send(hotPath, i, SYN));
  nowMs += MINUTE_MS;
  countMoved(hotPath, homes);

  const joined = await hotPath.apply([{ put: { vip: VIP, address: NEWCOMER } }]);
  nowMs += MINUTE_MS;
  const brokenByJoin = countMoved(hotPath, homes);

  const drained = await hotPath.apply([{ put: { vip: VIP, address: DRAINED, state: 'draining' } }]);
  nowMs += MINUTE_MS;
  const brokenByDrain = countMoved(hotPath, homes);

  const { flowInsert = 0, flowFull = 0 } = hotPath.stats().events;
  assert.equal(flowFull, 0, 'the flow table was too small for this count');
  return {
    tracking,
    'slots moved': joined.slotsMoved + drained.slotsMoved,
    'broken by join': brokenByJoin,
    'broken by drain': brokenByDrain,
    entries: flowInsert,
  };
}

/**
 * Sends one more packet of every connection. Returns how many went elsewhere than the one before; their new home is
 * noted, since a connection breaks once.
 * @param {HotPath} hotPath
 * @param {string[]} homes
 */
function countMoved(hotPath, homes) {
  let moved = 0;
  homes.forEach((home, i) => {
    const now = send(hotPath, i, ACK);
    if (now === home) return;
    homes[i] = now;
    moved++;
  });
  return moved;
}

/**
 * Forwards a packet of connection `i` and returns the backend it went to.
 * @param {HotPath} hotPath
 * @param {number} i
 * @param {number} flags
 */
function send(hotPath, i, flags) {
  const view = new DataView(frame.buffer);
  view.setUint16(28, i >>> 8); // clients 198.51.0.0/16, 256 ports each
  view.setUint16(34, 40_000 + (i & 0xff));
  view.setUint16(46, 0x5000 | flags);
  const { verdict, backend } = hotPath.forward(frame);
  assert.equal(verdict, 'FORWARD_L2');
  return backend ?? '';
}

/** An Ethernet frame with a TCP packet to the VIP; client, port and flags are filled in by send(). */
function packetTo443() {
  const bytes = new Uint8Array(54);
  const view = new DataView(bytes.buffer);
  bytes.set([0x02, 0, 0, 0, 0, 0x01, 0x02, 0, 0, 0, 0x0c, 0x01, 0x08, 0x00, 0x45]);
  view.setUint16(16, 40);
  view.setUint8(22, 64);
  view.setUint8(23, 6);
  bytes.set([198, 51, 0, 0, 192, 0, 2, 80], 26);
  view.setUint16(36, 443);
  return bytes;
}
