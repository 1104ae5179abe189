// The flow table: one u64 an entry, who may take whose place, and when an entry is over.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  CONTROL_FLOW_TICKS,
  COUNTER_EVENTS,
  EVENT_FLOW_FULL,
  EVENT_FLOW_INSERT,
  EVENT_FLOW_REPLACE,
  FLOW_WAYS,
  REGION_BUILD,
  REGION_CONTROL,
  REGION_COUNTERS,
  REGION_FLOWS,
} from '../../assembly/layout.js';
import { hex } from '../support/hex.js';
import { createPieces } from '../support/module.js';

const Flow = suite('flow/table');
const { memory, module, call, callLong, lay } = createPieces({ flowsMax: 64 }); // eight buckets
const LONGEST = 100; // ticks
const BUCKETS = 8;
const flows = memory.region(REGION_FLOWS);

Flow.before.each(() => {
  memory.bytes.fill(0, flows.base, flows.base + flows.bytes);
  memory.view.setUint32(memory.region(REGION_CONTROL).base + CONTROL_FLOW_TICKS, LONGEST, true);
});

/** The hash of flow `n` in `bucket`: fingerprint n above, bucket in the low bits. */
const hashOf = (n: number, bucket = 3): bigint => (BigInt(n) << 32n) | BigInt(bucket);
const insert = (n: number, backend: number, tick: number): number => call('flowInsert', hashOf(n), backend, tick);
let foundEntry = 0n;
/** Marks what the last find() met. */
const touch = (tick: number, confirm: boolean): number => call('flowTouch', foundEntry, tick, confirm ? 1 : 0);
/** Backend of the flow with this hash as of `tick`, 0 when it is not known. */
function findHash(hash: bigint, tick: number, idle = LONGEST): number {
  foundEntry = callLong('flowFind', hash, idle, tick);
  return Number((foundEntry >> 16n) & 0xffffn);
}
const find = (n: number, tick: number, idle = LONGEST): number => findHash(hashOf(n), tick, idle);
function confirm(n: number, tick: number): void {
  assert.ok(find(n, tick) > 0, `flow ${n}`);
  touch(tick, true);
}
const entryAt = (bucket: number, way: number): bigint =>
  memory.view.getBigUint64(flows.base + (bucket * FLOW_WAYS + way) * 8, true);
const events = (event: number): number =>
  Number(memory.view.getBigUint64(memory.region(REGION_COUNTERS).base + COUNTER_EVENTS + 8 * event, true));

Flow('an entry is fingerprint 32, backend 16, confirmed 1, tick 15', () => {
  call('flowInsert', 0xdeadbeef_00000003n, 0x1234, 0x4567);
  assert.is(entryAt(3, 0), 0xdeadbeef_1234_4567n);
  assert.is(findHash(0xdeadbeef_00000003n, 0x4567), 0x1234);
  touch(0x4568, true);
  assert.is(entryAt(3, 0), 0xdeadbeef_1234_c568n); // 0x8000 | 0x4568
});

Flow('finds what was entered, and nothing else', () => {
  assert.is(find(7, 10), 0);
  insert(7, 42, 10);
  assert.is(find(7, 10), 42);
  assert.is(find(8, 10), 0);
  assert.is(findHash(hashOf(7, 4), 10), 0, 'another bucket');
});

Flow('bits of the hash above the bucket and below the fingerprint have no say', () => {
  call('flowInsert', 0x7_0000_0003n, 42, 10);
  assert.is(findHash(0x7_ffff_fffbn, 10), 42); // ...fb & 7 = 3
});

Flow('a flow is over when it was silent longer than its idle time', () => {
  insert(7, 42, 10);
  assert.is(find(7, 30, 20), 42);
  assert.is(find(7, 31, 20), 0);
});

Flow('being seen makes it young again', () => {
  insert(7, 42, 10);
  find(7, 25, 20);
  touch(25, false);
  assert.is(find(7, 45, 20), 42);
});

Flow('the tick goes round after 15 bits', () => {
  insert(7, 42, 0x7fff);
  assert.is(find(7, 0x8000, 20), 42);
  assert.is(find(7, 0x8000 + 19, 20), 42);
  assert.is(find(7, 0x8000 + 20, 20), 0);
});

Flow('nobody is not entered', () => {
  insert(7, 0, 10);
  assert.is(find(7, 10), 0);
  assert.is(entryAt(3, 0), 0n);
});

Flow('free places first: eight flows in a bucket', () => {
  const inserted = events(EVENT_FLOW_INSERT);
  for (let n = 1; n <= 8; n++) insert(n, n, 10 + n);
  for (let n = 1; n <= 8; n++) assert.is(find(n, 20), n);
  assert.is(events(EVENT_FLOW_INSERT), inserted + 8);
});

Flow('then the oldest that is not confirmed', () => {
  for (let n = 1; n <= 8; n++) insert(n, n, 10 + n);
  confirm(1, 20);
  const replaced = events(EVENT_FLOW_REPLACE);
  insert(9, 9, 21);
  assert.is(find(2, 21), 0, 'the oldest that was not confirmed');
  assert.equal(
    [1, 3, 4, 5, 6, 7, 8, 9].map((n) => find(n, 21)),
    [1, 3, 4, 5, 6, 7, 8, 9],
  );
  assert.is(events(EVENT_FLOW_REPLACE), replaced + 1);
});

Flow('but an expired one before that, though it was confirmed', () => {
  insert(1, 1, 10);
  confirm(1, 10);
  for (let n = 2; n <= 8; n++) insert(n, n, 60);
  insert(9, 9, 111); // flow 1 is 101 ticks old
  assert.is(find(1, 111, 0x3fff), 0);
  assert.is(find(2, 111), 2);
  assert.is(find(9, 111), 9);
});

Flow('never a confirmed flow that lives: the new one is left out, and counted', () => {
  for (let n = 1; n <= 8; n++) {
    insert(n, n, 10);
    confirm(n, 10);
  }
  const full = events(EVENT_FLOW_FULL);
  insert(9, 9, 110);
  assert.is(find(9, 110), 0);
  for (let n = 1; n <= 8; n++) assert.is(find(n, 110), n);
  assert.is(events(EVENT_FLOW_FULL), full + 1);
});

Flow('a flow that is entered confirmed has that bit from the start, and gives its place to nobody', () => {
  for (let n = 1; n <= 8; n++) call('flowInsert', hashOf(n), n, 10, 1);
  assert.is(entryAt(3, 0), (1n << 32n) | (1n << 16n) | 0x8000n | 10n);
  insert(9, 9, 110);
  assert.is(find(9, 110), 0);
});

Flow('a flow entered again takes its own place, unconfirmed', () => {
  insert(7, 42, 10);
  confirm(7, 10);
  insert(7, 43, 11);
  assert.is(find(7, 11), 43);
  assert.is(entryAt(3, 0), (7n << 32n) | (43n << 16n) | 11n);
  assert.is(entryAt(3, 1), 0n);
});

Flow('a sweep frees the expired of its buckets and no others', () => {
  for (const bucket of [2, 3, 4]) {
    call('flowInsert', hashOf(1, bucket), 1, 10);
    call('flowInsert', hashOf(2, bucket), 2, 50);
  }
  module.sweepFlows(3, 1, 111);
  assert.equal(
    [2, 3, 4].map((bucket) => entryAt(bucket, 0) !== 0n),
    [true, false, true],
  );
  assert.equal(
    [2, 3, 4].map((bucket) => entryAt(bucket, 1) !== 0n),
    [true, true, true],
  );
});

/** What youngestFlows says of the backends 0 to 63; -1: none. */
function youngestOf(backends: readonly number[], tick: number): number[] {
  const { base } = memory.region(REGION_BUILD);
  module.youngestFlows(base, 64, tick);
  return backends.map((backend) => memory.view.getInt32(base + backend * 4, true));
}

Flow('tells how long ago the youngest flow of each backend sent, in all buckets', () => {
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    call('flowInsert', hashOf(1, bucket), 5, 10 + bucket);
    call('flowInsert', hashOf(2, bucket), 6, 10);
    call('flowInsert', hashOf(3, bucket), 64, 10); // of nobody who is asked for
  }
  assert.equal(youngestOf([0, 5, 6, 7, 63], 30), [-1, 30 - 9 - BUCKETS, 20, -1, -1]);
  assert.equal(
    youngestOf([5, 6], 10 + 2 ** 32),
    [5, 6].map(() => 0),
  );
});

Flow('forgets every flow of the backends that are marked, and no others', () => {
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    for (const [n, backend] of [5, 6, 8, 63].entries()) call('flowInsert', hashOf(n + 1, bucket), backend, 10);
  }
  module.forgetFlows(lay(hex`20 01 00 00 00 00 00 80`)); // bits 5, 8 and 63
  assert.equal(youngestOf([5, 6, 8, 63], 10), [-1, 0, -1, -1]);
});

Flow.run();
