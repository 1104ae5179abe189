// @ts-check
// examples/health-checker.mjs: a health checker that publishes: asks every backend of a VIP over HTTP, and says in the topic who is
// down and who is back. Balancers never see an answer, so somebody has to tell them.
// Needs the optional package node-rdkafka; no root. Ends on SIGINT or SIGTERM.
//
//   node examples/health-checker.mjs 10.0.0.5:9092 balancer-members tcp/192.0.2.80:80 [PATH] [PORT]
//
// A backend is down after three checks that failed in a row, and back after two that worked. A record that somebody else wrote keeps
// its other fields; one that an operator drains is left alone. When all backends seem down it is more likely that the checker cannot
// see them: the publisher refuses to take the last active backend away, and that is not forced here.

import { setTimeout as sleep } from 'node:timers/promises';
import { createMembershipPublisher } from 'maglev-dsr/kafka';

const CHECK_MS = 500;
const FAILED_CHECKS = 3;
const PASSED_CHECKS = 2;

const [brokers, topic, vip, path = '/', port = '80'] = process.argv.slice(2);
if (brokers === undefined || topic === undefined || vip === undefined)
  throw new Error('usage: health-checker.mjs HOST:PORT[,HOST:PORT] TOPIC VIP-KEY [PATH] [PORT]');

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());

/** Checks in a row with the same answer, by key of the backend: above 0 passed, below 0 failed. @type {Map<string, number>} */
const rows = new Map();

const publisher = await createMembershipPublisher({ brokers: brokers.split(','), topic });
console.log(`checking the backends of ${vip} every ${CHECK_MS} ms`);
try {
  while (!stop.signal.aborted) {
    const backends = [...publisher.records.values()].flatMap((record) =>
      record.kind === 'backend' && record.vipKey === vip ? [record] : [],
    );
    await Promise.all(backends.map(({ key, backend }) => check(key, backend)));
    await sleep(CHECK_MS, undefined, { signal: stop.signal }).catch(() => undefined);
  }
} finally {
  await publisher.close();
}

/**
 * Checks one backend, and publishes when its state is another one now.
 * @param {string} key
 * @param {import('maglev-dsr').Backend} backend
 */
async function check(key, { address, state = 'active' }) {
  const isWell = await answers(address);
  const before = rows.get(key) ?? 0;
  const row = isWell ? Math.max(before, 0) + 1 : Math.min(before, 0) - 1;
  rows.set(key, row);
  const isDown = state === 'active' && row <= -FAILED_CHECKS;
  const isBack = state === 'down' && row >= PASSED_CHECKS;
  if (!isDown && !isBack) return;
  try {
    await publisher.publish([{ set: key, state: isDown ? 'down' : 'active' }]);
    console.log(`${key} is ${isDown ? 'down' : 'back'}`);
  } catch (error) {
    console.log(`${key} stays as it is: ${error instanceof Error ? error.message : error}`);
  }
}

/** @param {string} address */
async function answers(address) {
  const host = address.includes(':') ? `[${address}]` : address;
  try {
    const response = await fetch(`http://${host}:${port}${path}`, { signal: AbortSignal.timeout(CHECK_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
