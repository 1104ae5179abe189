import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  addressBytes,
  addressText,
  disjointPrefixes,
  isInPrefix,
  macText,
  parsePrefix,
  prefixText,
} from '../../host/linux/address.js';
import { macBytes } from '../../host/mac.js';
import { dump, errorOf } from './netns.js';

const Address = suite('linux/address');

Address('equal addresses have equal texts', () => {
  assert.is(dump(addressBytes('192.0.2.80')), 'c0 00 02 50');
  assert.is(dump(addressBytes('2001:DB8:0:0::80')), '20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 80');
  // RFC 5952, sections 4.2.2 and 4.2.3: one group of zeros stays, of two runs the longer, the first, is shortened.
  for (const [text, canonical] of [
    ['2001:DB8:0:0::80', '2001:db8::80'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['::', '::'],
    ['192.0.2.80', '192.0.2.80'],
  ] as const) {
    assert.is(addressText(addressBytes(text)), canonical);
  }
});

Address('refuses what others read as something else', async () => {
  for (const text of ['', '10.1', '010.0.0.1', '0x7f.0.0.1', '1.2.3.4 ', 'fe80::1%eth0', '1.2.3.4/24', 'eth0']) {
    assert.is((await errorOf(() => addressBytes(text))).code, 'ERR_OPTION', text);
  }
  for (const text of ['10.0.0.0/33', '::/129', '10.0.0.0/-1', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/1e1']) {
    assert.is((await errorOf(() => parsePrefix(text))).code, 'ERR_OPTION', text);
  }
});

Address('a prefix has nothing after its bits, and knows what lies in it', () => {
  assert.is(prefixText(parsePrefix('192.0.2.255/25')), '192.0.2.128/25');
  assert.is(prefixText(parsePrefix('2001:db8:ffff::1/33')), '2001:db8:8000::/33');
  assert.is(prefixText(parsePrefix('192.0.2.80/32')), '192.0.2.80');
  const prefix = parsePrefix('192.0.2.128/25');
  const inside = ['192.0.2.127', '192.0.2.128', '192.0.2.255', '192.0.3.128', '::'];
  assert.equal(
    inside.map((text) => isInPrefix(addressBytes(text), prefix)),
    [false, true, true, false, false],
  );
});

Address('of prefixes inside one another the outer is kept', () => {
  const texts = ['10.2.0.0/16', '10.0.0.0/8', '10.2.3.4', '::1', '9.255.255.255', '10.0.0.0/8', '11.0.0.0', '::/127'];
  assert.equal(disjointPrefixes(texts.map(parsePrefix)).map(prefixText), [
    '9.255.255.255',
    '10.0.0.0/8',
    '11.0.0.0',
    '::/127',
  ]);
});

Address('MAC addresses', () => {
  assert.is(macText(macBytes('02:00:AB:00:00:01')), '02:00:ab:00:00:01');
  assert.is(macText(new Uint8Array(4)), undefined);
});

Address.run();
