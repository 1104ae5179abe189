import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Backend, Change, Vip } from '../../host/membership/event.js';
import { formatRefusal } from '../../host/membership/refusal.js';
import {
  applyChanges,
  backendsOf,
  changesOf,
  countRecords,
  EMPTY_STATE,
  type MembershipState,
  pendingBackends,
} from '../../host/membership/state.js';
import { chooseSeed, seededRandom, shuffled } from './support.js';

const State = suite('membership/state');

const WEB = 'tcp/192.0.2.80:80';
const vip = (port = 80): { put: Vip } => ({ put: { address: '192.0.2.80', protocol: 'tcp', port } });
const backend = (host: number, extra: Partial<Backend> = {}): { put: Backend } => ({
  put: { vip: WEB, address: `10.0.1.${host}`, ...extra },
});
const after = (...changes: Change[]): MembershipState => applyChanges(EMPTY_STATE, changes).state;
const hosts = (state: MembershipState, key = WEB) =>
  backendsOf(state, key)
    .map((entry) => entry.backend.address)
    .sort();

State('backends before their VIP are pending, then live, then pending again', () => {
  const early = applyChanges(EMPTY_STATE, [backend(9), backend(10)]);
  assert.equal([...early.touched], []);
  assert.equal(countRecords(early.state), { vips: 0, backends: 2, pending: 2 });
  assert.equal(hosts(early.state), []);
  const live = applyChanges(early.state, [vip()]);
  assert.equal([...live.touched], [WEB]);
  assert.equal(countRecords(live.state), { vips: 1, backends: 2, pending: 0 });
  assert.equal(hosts(live.state), ['10.0.1.10', '10.0.1.9']);
  const gone = applyChanges(live.state, [{ remove: WEB }]);
  assert.equal([...gone.touched], [WEB]);
  assert.equal(
    pendingBackends(gone.state).map(({ key }) => key),
    [`${WEB}/10.0.1.9`, `${WEB}/10.0.1.10`],
  );
});

State('what says nothing new touches nothing and is the same object', () => {
  const state = after(vip(), backend(9, { weight: 3 }));
  const same: Change[] = [
    vip(),
    backend(9, { weight: 3 }),
    { put: { weight: 3, address: '10.0.1.9', vip: WEB } },
    { remove: 'tcp/192.0.2.80:81' },
    { remove: `${WEB}/10.0.1.77` },
  ];
  const outcome = applyChanges(state, same);
  assert.is(outcome.state, state);
  assert.is(outcome.touched.size, 0);
  assert.equal(outcome.refusals, []);
});

State('a put states the whole record: what is left out has its default', () => {
  const state = applyChanges(after(vip(), backend(9, { weight: 3, state: 'draining' })), [backend(9)]).state;
  assert.equal(backendsOf(state, WEB)[0]?.backend, { vip: WEB, address: '10.0.1.9' });
});

State('keys are canonical: another spelling is the same record', () => {
  const six = 'tcp/[2001:db8::80]:80';
  const put = { put: { vip: 'tcp/[2001:0DB8::80]:80', address: '2001:db8:1:0::9', weight: 2 } };
  const state = after({ put: { address: '2001:DB8:0::80', protocol: 'tcp', port: 80 } }, put);
  assert.equal([...state.vips.keys()], [six]);
  assert.equal(hosts(state, six), ['2001:db8:1::9']);
  const removed = applyChanges(state, [{ remove: 'tcp/[2001:db8:0:0::80]:80/2001:db8:1:0:0::9' }]);
  assert.equal([...removed.touched], [six]);
  assert.is(removed.state.backends.size, 0);
});

State('a refused change stops no other', () => {
  const outcome = applyChanges(EMPTY_STATE, [vip(), backend(9, { weight: -3 }), backend(10)]);
  assert.equal(hosts(outcome.state), ['10.0.1.10']);
  assert.equal(outcome.refusals.map(formatRefusal), [
    'change 2: weight -3 for backend 10.0.1.9, expected 0..65535; change ignored',
  ]);
});

State('one source a VIP', () => {
  const state = applyChanges(EMPTY_STATE, [vip(), backend(9)], { source: 'file a.yaml' }).state;
  const other = applyChanges(state, [vip(), backend(9, { weight: 2 }), backend(10), { remove: WEB }, vip(81)], {
    source: 'kafka topic t',
    where: 'event at offset 7 of partition 0',
  });
  assert.equal([...other.touched], ['tcp/192.0.2.80:81']);
  assert.equal(other.refusals.map(formatRefusal), [
    `event at offset 7 of partition 0: source "kafka topic t" for VIP ${WEB}, expected file a.yaml, which owns this key: one source a VIP; change ignored`,
    'event at offset 7 of partition 0: source "kafka topic t" for backend 10.0.1.9, expected file a.yaml, which owns this key: one source a VIP; change ignored',
    'event at offset 7 of partition 0: source "kafka topic t" for backend 10.0.1.10, expected file a.yaml, which owns this key: one source a VIP; change ignored',
    `event at offset 7 of partition 0: source "kafka topic t" for VIP ${WEB}, expected file a.yaml, which owns this key: one source a VIP; change ignored`,
  ]);
  assert.equal(hosts(other.state), ['10.0.1.9']);
});

State('a backend of another source than its VIP stays pending', () => {
  const early = applyChanges(EMPTY_STATE, [backend(9)], { source: 'kafka topic t' }).state;
  const state = applyChanges(early, [vip(), backend(10)], { source: 'file a.yaml' }).state;
  assert.equal(hosts(state), ['10.0.1.10']);
  assert.equal(countRecords(state), { vips: 1, backends: 2, pending: 1 });
  const updated = applyChanges(state, [backend(9, { weight: 2 })], { source: 'kafka topic t' });
  assert.is(updated.touched.size, 0);
  assert.equal(updated.refusals, []);
});

State('unknown fields are kept', () => {
  const put = { put: { vip: WEB, address: '10.0.1.9', rack: { row: 4 } } } as Change;
  assert.equal(backendsOf(after(vip(), put), WEB)[0]?.backend as unknown, {
    vip: WEB,
    address: '10.0.1.9',
    rack: { row: 4 },
  });
});

State('a state is never changed, and the next one shares what stayed as it was', () => {
  const other = 'tcp/192.0.2.80:81';
  const before = after(vip(), vip(81), backend(9), { put: { vip: other, address: '10.0.1.9' } });
  const next = applyChanges(before, [backend(10)]).state;
  assert.equal(hosts(before), ['10.0.1.9']);
  assert.is(next.vips, before.vips);
  assert.is(next.backends.get(other), before.backends.get(other));
  assert.is.not(next.backends.get(WEB), before.backends.get(WEB));
});

/** Records of a state as sorted text: what must be equal whatever the order of events. */
const recordsText = (state: MembershipState) =>
  JSON.stringify(
    changesOf(state)
      .map((change) => JSON.stringify(change))
      .sort(),
  );

State('order of events never matters: random histories of last records, in random order', () => {
  const seed = chooseSeed('state permutations');
  const random = seededRandom(seed);
  for (let round = 0; round < 200; round++) {
    // One final event a key, as a compacted topic keeps it: a record or a tombstone.
    const finals: Change[] = [];
    for (let v = 0; v < 4; v++) {
      const key = `tcp/192.0.2.${80 + v}:80`;
      const isVipThere = random() < 0.7;
      const put: Change = { put: { address: `192.0.2.${80 + v}`, protocol: 'tcp', port: 80, tableSize: 65537 } };
      finals.push(isVipThere ? put : { remove: key });
      for (let b = 1; b <= 5; b++) {
        const record: Backend = { vip: key, address: `10.0.${v}.${b}`, weight: Math.floor(random() * 4) };
        finals.push(random() < 0.7 ? { put: record } : { remove: `${key}/10.0.${v}.${b}` });
      }
    }
    const expected = applyChanges(EMPTY_STATE, finals).state;
    // The same finals after noise about the same keys, shuffled, in batches of random size.
    let state = applyChanges(
      EMPTY_STATE,
      shuffled(finals, random).filter(() => random() < 0.5),
    ).state;
    const touched = new Set<string>();
    const start = state;
    const order = shuffled(finals, random);
    while (order.length > 0) {
      const outcome = applyChanges(state, order.splice(0, 1 + Math.floor(random() * 6)));
      assert.equal(outcome.refusals, []);
      for (const key of outcome.touched) touched.add(key);
      state = outcome.state;
    }
    assert.is(recordsText(state), recordsText(expected), `SEED=${seed} round ${round}`);
    assert.equal(countRecords(state), countRecords(expected), `SEED=${seed} round ${round}`);
    // A VIP whose live backends differ from before was touched.
    for (const key of new Set([...start.vips.keys(), ...state.vips.keys()])) {
      const isSame = recordsText(only(start, key)) === recordsText(only(state, key));
      if (!isSame) assert.ok(touched.has(key), `SEED=${seed} round ${round}: ${key} changed untouched`);
    }
  }
});

function only(state: MembershipState, key: string): MembershipState {
  const entry = state.vips.get(key);
  const live = new Map(backendsOf(state, key).map((backendEntry) => [backendEntry.key, backendEntry]));
  return { vips: new Map(entry === undefined ? [] : [[key, entry]]), backends: new Map([[key, live]]) };
}

State('10,000 backends under 1,000 VIPs: one change costs no more than the maps it touches', () => {
  const changes: Change[] = [];
  for (let v = 0; v < 1000; v++) {
    const key = `tcp/192.0.${v >> 8}.${v & 255}:80`;
    changes.push({ put: { address: `192.0.${v >> 8}.${v & 255}`, protocol: 'tcp', port: 80 } });
    for (let b = 0; b < 10; b++) changes.push({ put: { vip: key, address: `10.${v >> 8}.${v & 255}.${b + 1}` } });
  }
  const start = performance.now();
  const { state, touched } = applyChanges(EMPTY_STATE, changes);
  const allMs = performance.now() - start;
  assert.is(touched.size, 1000);
  assert.equal(countRecords(state), { vips: 1000, backends: 10_000, pending: 0 });
  const one = performance.now();
  let next = state;
  for (let n = 0; n < 100; n++) {
    next = applyChanges(next, [{ put: { vip: 'tcp/192.0.0.7:80', address: '10.0.7.1', weight: n + 2 } }]).state;
  }
  const oneMs = (performance.now() - one) / 100;
  // Measured 0.1 ms on a slow machine; copying 10,000 entries a change would be 10 times that.
  assert.ok(oneMs < 2, `${oneMs} ms a change`);
  assert.ok(allMs < 5000, `${allMs} ms for 11,000 changes`);
});

State.run();
