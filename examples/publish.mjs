// @ts-check
// examples/publish.mjs: writes membership records to a Kafka topic: a VIP with two backends; then it drains one of them
// and takes it away. Every balancer that follows the topic does as it says within milliseconds.
// Needs the optional package node-rdkafka; no root.
//
//   node examples/publish.mjs 10.0.0.5:9092 balancer-members
//
// A record is one message: the key names it, the value is JSON with `v: 1`, no value (a tombstone) removes it. The last
// message of a key is the truth. From a file of records `maglev-dsr apply` does this, and shows the difference first.

import { setTimeout as sleep } from 'node:timers/promises';
import { createPublisher } from 'maglev-dsr/kafka';
import { backendKey, vipKey } from 'maglev-dsr/membership';

/** @typedef {import('maglev-dsr').Vip} Vip */
/** @typedef {import('maglev-dsr').Backend} Backend */

const DRAIN_MS = 2000; // a real one waits for the event `drained` of its balancers

const [brokers, topic] = process.argv.slice(2);
if (brokers === undefined || topic === undefined) throw new Error('usage: publish.mjs HOST:PORT[,HOST:PORT] TOPIC');

/** @type {Vip} */
const vip = { address: '192.0.2.80', protocol: 'tcp', port: 80 };
/** @type {Backend} */
const first = { vip: vipKey(vip), address: '10.0.1.9' };
/** @type {Backend} */
const second = { vip: vipKey(vip), address: '10.0.1.10', weight: 3 };

const publisher = await createPublisher({ brokers: brokers.split(','), topic });
try {
  // In any order: a backend whose VIP is not there yet waits for it.
  await publisher.publish([
    { key: vipKey(vip), value: value(vip) },
    { key: backendKey(first), value: value(first) },
    { key: backendKey(second), value: value(second) },
  ]);
  console.log(`published ${vipKey(vip)} with ${first.address} and ${second.address}`);

  await publisher.publish([{ key: backendKey(first), value: value({ ...first, state: 'draining' }) }]);
  console.log(`${first.address} gets no new connections, and keeps those it has`);
  await sleep(DRAIN_MS);

  await publisher.publish([{ key: backendKey(first), value: null }]);
  console.log(`${first.address} is gone`);
} finally {
  await publisher.close();
}

/**
 * The value of a record: the record and the version of its form.
 * @param {Vip | Backend} record
 */
function value(record) {
  return JSON.stringify({ v: 1, ...record });
}
