import ipaddr from 'ipaddr.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  addressBytes,
  addressFamily,
  addressRule,
  canonicalAddress,
  formatAddress,
  hostAddressRule,
} from '../../host/membership/address.js';
import { chooseSeed, seededRandom } from './support.js';

const Address = suite('membership/address');

// Bytes by hand from RFC 4291, section 2.5.5.2; texts from RFC 5952, section 4.
const BYTES: [string, string, string][] = [
  ['192.0.2.80', '00000000000000000000ffffc0000250', '192.0.2.80'],
  ['0.0.0.0', '00000000000000000000ffff00000000', '0.0.0.0'],
  ['255.255.255.255', '00000000000000000000ffffffffffff', '255.255.255.255'],
  ['2001:DB8::80', '20010db8000000000000000000000080', '2001:db8::80'],
  ['2001:0db8:0:0:0:0:0:0080', '20010db8000000000000000000000080', '2001:db8::80'],
  ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'], // one zero group is not shortened
  ['2001:0:0:1:0:0:0:1', '20010000000000010000000000000001', '2001:0:0:1::1'], // the longest run
  ['2001:db8:0:0:1:0:0:1', '20010db8000000000001000000000001', '2001:db8::1:0:0:1'], // the first of two
  ['::', '00000000000000000000000000000000', '::'],
  ['::1', '00000000000000000000000000000001', '::1'],
  ['1::', '00010000000000000000000000000000', '1::'],
];

for (const [text, hex, canonical] of BYTES) {
  Address(`${text} is ${hex} is ${canonical}`, () => {
    assert.is(Buffer.from(addressBytes(text)).toString('hex'), hex);
    assert.is(formatAddress(Buffer.from(hex, 'hex')), canonical);
    assert.is(canonicalAddress(text), canonical);
    assert.is(addressFamily(canonical), canonical.includes(':') ? 6 : 4);
  });
}

const NONE: [string, RegExp][] = [
  ['', /IPv4 or IPv6/],
  ['10.1', /four decimal numbers/],
  ['010.0.0.1', /leading zeros/],
  ['0x7f.0.0.1', /four decimal numbers/],
  ['192.0.2.080', /leading zeros/],
  ['167772161', /four decimal numbers/],
  ['10.0.0.256', /IPv4 or IPv6/],
  [' 10.0.0.1', /IPv4 or IPv6/],
  ['10.0.0.1\n', /IPv4 or IPv6/],
  ['\u0661.1.1.1', /IPv4 or IPv6/],
  ['fe80::1%eth0', /without a zone/],
  ['::ffff:10.0.0.1', /its own form/],
  ['::ffff:a00:1', /its own form/],
  ['64:ff9b::10.0.0.1', /hexadecimal/],
  ['[2001:db8::1]', /IPv4 or IPv6/],
  ['2001:db8::1::2', /IPv4 or IPv6/],
  ['2001:db8:1:2:3:4:5:6:7', /IPv4 or IPv6/],
  ['1'.repeat(1_000_000), /IPv4 or IPv6/],
];

for (const [text, rule] of NONE) {
  Address(`${JSON.stringify(text.slice(0, 30))} is no address`, () => {
    assert.match(addressRule(text) ?? '', rule);
    assert.throws(
      () => addressBytes(text),
      (error: { code: string }) => error.code === 'ERR_RECORD',
    );
  });
}

Address('an address of a VIP or backend is that of one host', () => {
  const broken: Record<string, RegExp> = {
    '224.0.0.1': /multicast/,
    'ff02::1': /multicast/,
    '0.0.0.0': /unspecified/,
    '::': /unspecified/,
    '127.0.0.1': /loopback/,
    '::1': /loopback/,
    '255.255.255.255': /broadcast/,
    'fe80::1': /link-local/,
  };
  for (const [text, rule] of Object.entries(broken)) assert.match(hostAddressRule(text) ?? '', rule, text);
  for (const text of ['192.0.2.80', '10.0.0.1', '169.254.1.1', '2001:db8::1', 'fd00::1', '240.0.0.1']) {
    assert.is(hostAddressRule(text), undefined, text);
  }
});

Address('sixteen bytes, no more and no less', () => {
  for (const length of [0, 4, 15, 17]) assert.throws(() => formatAddress(new Uint8Array(length)), /expected 16 bytes/);
});

Address('decimal addresses are read as ipaddr.js reads them, and taken where it finds one host', () => {
  const random = seededRandom(chooseSeed('addresses'));
  const parts = [
    '0',
    '1',
    '9',
    '10',
    '99',
    '100',
    '127',
    '169',
    '199',
    '224',
    '239',
    '240',
    '254',
    '255',
    '256',
    '01',
    '',
    '1000',
  ];
  const pick = () => parts[Math.floor(random() * parts.length)] as string;
  let taken = 0;
  for (let i = 0; i < 20_000; i++) {
    const text = Array.from({ length: random() < 0.9 ? 4 : 3 + Math.floor(random() * 3) }, pick).join('.');
    const isOne = ipaddr.IPv4.isValidFourPartDecimal(text) && !/(^|\.)0\d/.test(text);
    assert.is(addressRule(text) === undefined, isOne, text);
    if (!isOne) continue;
    taken++;
    const address = ipaddr.IPv4.parse(text);
    assert.equal([...addressBytes(text)], address.toIPv4MappedAddress().toByteArray(), text);
    assert.is(canonicalAddress(text), address.toString());
    const isHost = !['multicast', 'unspecified', 'loopback', 'broadcast'].includes(address.range());
    assert.is(hostAddressRule(text) === undefined, isHost, text);
  }
  assert.ok(taken > 5000, `${taken} taken`);
});

Address.run();
