// Encapsulations of records: which are the same, which reach whom; and the outer headers made of them, byte for byte.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BACKEND_OUTER_MAX } from '../../assembly/layout.js';
import { encapName, encapOf, familyRule, isSameEncap } from '../../host/membership/encap.js';
import type { Encap } from '../../host/membership/event.js';
import { outerHeader } from '../../host/membership/outerHeader.js';
import { applyChanges, backendsOf, countRecords, EMPTY_STATE } from '../../host/membership/state.js';
import { dump, hex } from '../support/hex.js';

const Encaps = suite('membership/encap');

Encaps('defaults spelled out are the same encapsulation, anything else is another', () => {
  assert.ok(isSameEncap({ type: 'gue' }, { type: 'gue', port: 6080, variant: 1 }));
  const all: Encap[] = [
    { type: 'l2' },
    { type: 'ipip' },
    { type: 'gre' },
    { type: 'gue' },
    { type: 'gue', port: 6081 },
    { type: 'gue', variant: 0 },
    { type: 'gue', variant: 0, private: '00000000' },
    { type: 'gue', variant: 0, private: '0000000000000000' },
    { type: 'l3dsr', dscp: 1 },
    { type: 'l3dsr', dscp: 2 },
  ];
  assert.is(new Set(all.map(encapName)).size, all.length);
});

Encaps("a backend's own goes before that of its VIP, and L2 is what nobody says", () => {
  assert.equal(encapOf({ encap: { type: 'gre' } }, { encap: { type: 'gue' } }), { type: 'gue' });
  assert.equal(encapOf({ encap: { type: 'gre' } }, {}), { type: 'gre' });
  assert.equal(encapOf({}, {}), { type: 'l2' });
});

Encaps('tunnels reach either family, rewriting its own', () => {
  const vip = { key: 'tcp/192.0.2.80:80', address: '192.0.2.80' };
  const reaches = (encap: Encap, address: string): boolean => familyRule(encap, vip, address) === undefined;
  for (const type of ['ipip', 'gre', 'gue'] as const) {
    assert.equal([reaches({ type }, '10.0.1.9'), reaches({ type }, '2001:db8::9')], [true, true]);
  }
  for (const encap of [{ type: 'l2' }, { type: 'l3dsr', dscp: 1 }] as const) {
    assert.equal([reaches(encap, '10.0.1.9'), reaches(encap, '2001:db8::9')], [true, false]);
  }
});

Encaps('a backend that cannot be reached waits, in whatever order the records came', () => {
  const vip = (encap: Encap) => ({ put: { address: '192.0.2.80', protocol: 'tcp', port: 80, encap } });
  const six = { put: { vip: 'tcp/192.0.2.80:80', address: '2001:db8::9' } };
  const after = (...changes: object[]) => applyChanges(EMPTY_STATE, changes).state;
  const [l2, gue] = [vip({ type: 'l2' }), vip({ type: 'gue' })];
  for (const state of [after(l2, six), after(six, l2), after(gue, six, l2)]) {
    assert.equal(backendsOf(state, 'tcp/192.0.2.80:80'), []);
    assert.equal(countRecords(state), { vips: 1, backends: 1, pending: 1 });
  }
  for (const state of [after(gue, six), after(six, gue), after(l2, six, gue)]) {
    assert.is(backendsOf(state, 'tcp/192.0.2.80:80').length, 1);
  }
});

const ENDS = { address: '10.0.1.9', source: '10.0.0.1', inner: 6 as const };
const ENDS6 = { address: '2001:db8:1::9', source: '2001:db8:5::1', inner: 4 as const };

Encaps('outer headers: what does not depend on the packet is there, the rest is 0', () => {
  const gre = outerHeader({ ...ENDS, encap: { type: 'gre' } });
  assert.fixture(
    dump(Uint8Array.from(gre.bytes)),
    dump(hex`45 00 00 00 00 00 40 00 40 2f 00 00 0a 00 00 01 0a 00 01 09  00 00 86 dd`),
  );
  const gue = outerHeader({ ...ENDS6, encap: { type: 'gue', variant: 0, port: 6081, private: 'c0ffee00' } });
  assert.fixture(
    dump(Uint8Array.from(gue.bytes)),
    dump(hex`
      60 00 00 00 00 00 11 40  20 01 0d b8 00 05 00 00 00 00 00 00 00 00 00 01  20 01 0d b8 00 01 00 00 00 00 00 00 00 00 00 09
      00 00 17 c1 00 00 00 00  01 04 00 00 c0 ff ee 00
    `),
  );
  assert.is(gue.gueBytes, 8);
  assert.is(gue.headerSum, 0);
});

Encaps('rewriting has no outer header; the longest there is fits its record', () => {
  for (const encap of [{ type: 'l2' }, { type: 'l3dsr', dscp: 1 }] as const) {
    assert.is(outerHeader({ ...ENDS, encap }).bytes.length, 0);
  }
  const longest = outerHeader({ ...ENDS6, encap: { type: 'gue', variant: 0, private: '01'.repeat(36) } });
  assert.is(longest.bytes.length, BACKEND_OUTER_MAX);
});

Encaps.run();
