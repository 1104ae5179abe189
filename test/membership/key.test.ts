import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { backendKey, formatKey, parseKey, readKey, vipKey } from '../../host/membership/key.js';

const Key = suite('membership/key');

Key('the four kinds of key round trip', () => {
  const parts = {
    'tcp/192.0.2.80:80': { vip: 'tcp/192.0.2.80:80', protocol: 'tcp', address: '192.0.2.80', port: 80 },
    'udp/[2001:db8::80]:0': { vip: 'udp/[2001:db8::80]:0', protocol: 'udp', address: '2001:db8::80', port: 0 },
    'tcp/192.0.2.80:65535/10.0.1.9': {
      vip: 'tcp/192.0.2.80:65535',
      protocol: 'tcp',
      address: '192.0.2.80',
      port: 65535,
      backend: '10.0.1.9',
    },
    'tcp/[2001:db8::80]:80/2001:db8:1::9': {
      vip: 'tcp/[2001:db8::80]:80',
      protocol: 'tcp',
      address: '2001:db8::80',
      port: 80,
      backend: '2001:db8:1::9',
    },
  };
  for (const [text, key] of Object.entries(parts)) {
    assert.equal(parseKey(text), key);
    assert.is(formatKey(parseKey(text)), text);
  }
});

Key('prefixes have their place inside the key', () => {
  assert.equal(parseKey('tcp/192.0.2.0/24:80').prefixBits, 24);
  assert.equal(parseKey('tcp/[2001:db8::/64]:80/2001:db8:1::9'), {
    vip: 'tcp/[2001:db8::/64]:80',
    protocol: 'tcp',
    address: '2001:db8::',
    prefixBits: 64,
    port: 80,
    backend: '2001:db8:1::9',
  });
  for (const text of ['tcp/192.0.2.0/24:80', 'udp/10.0.0.0/8:80', 'sctp/[2001:db8::/64]:80', 'tcp/[2001::/16]:0']) {
    assert.is(formatKey(parseKey(text)), text);
  }
  assert.throws(() => parseKey('tcp/192.0.2.80/24:80'), /no bits behind the prefix length: 192\.0\.2\.0\/24/);
  assert.throws(() => parseKey('tcp/[2001:db8::1/64]:80'), /2001:db8::\/64/);
  assert.throws(() => parseKey('tcp/192.0.2.0/33:80'), /8\.\.32/);
  assert.throws(() => parseKey('tcp/0.0.0.0/0:80'), /8\.\.32/);
  assert.throws(() => parseKey('tcp/[2001:db8::/129]:80'), /16\.\.128/);
  // All bits: the address itself, so that one record has one key.
  assert.is(formatKey(parseKey('tcp/192.0.2.80/32:80')), 'tcp/192.0.2.80:80');
  assert.is(formatKey(parseKey('tcp/[2001:db8::80/128]:80')), 'tcp/[2001:db8::80]:80');
});

Key('two spellings of one address are one key', () => {
  const spellings = ['tcp/[2001:DB8::80]:80/2001:db8:1:0:0:0:0:9', 'tcp/[2001:db8:0:0::0080]:80/2001:DB8:1::9'];
  for (const text of spellings) assert.is(formatKey(parseKey(text)), 'tcp/[2001:db8::80]:80/2001:db8:1::9');
  assert.is(vipKey({ protocol: 'udp', address: '2001:DB8:0::80', port: 53 }), 'udp/[2001:db8::80]:53');
  const backend = { vip: 'tcp/[2001:0db8::80]:80', address: '2001:db8:1:0::9' };
  assert.is(backendKey(backend), 'tcp/[2001:db8::80]:80/2001:db8:1::9');
});

Key('what is no key says why', () => {
  const broken: Record<string, RegExp> = {
    '': /expected a key such as/,
    'tcp/192.0.2.80': /expected a key such as/,
    'tcp/2001:db8::80:80': /brackets around an IPv6/,
    'tcp/[192.0.2.80]:80': /brackets around an IPv6 address, and only there/,
    'icmp/192.0.2.80:80': /begin with tcp\/, udp\/ or sctp\//,
    'tcp/192.0.2.80:65536': /0\.\.65535/,
    'tcp/192.0.2.80:080': /leading zeros/,
    'tcp/192.0.2.80:80/': /expected a key such as/,
    'tcp/192.0.2.80:80/x': /IPv4 or IPv6 address after the last \//,
    'tcp/192.0.2.080:80': /leading zeros/,
    ['tcp/'.repeat(100_000)]: /expected a key such as/,
  };
  for (const [text, rule] of Object.entries(broken)) assert.throws(() => parseKey(text), rule, text.slice(0, 40));
});

Key('a key reads the same when the key of its VIP was read before', () => {
  const vips = ['tcp/198.51.100.7:80', 'tcp/198.51.100.0/24:80', 'udp/[2001:DB8:7::7]:0'];
  const ends = ['', '/10.0.1.9', '/2001:DB8::9', '/10.0.1.09', '/10.0.1.9/x', '/', '/10.0.1.9\n', `/${'1'.repeat(99)}`];
  const texts = vips.flatMap((vip) => ends.map((end) => vip + end));
  const read = () => texts.map((text) => readKey(text));
  const fresh = texts.map((text) => {
    for (let i = 0; i < 4096; i++) readKey(`tcp/10.${i >> 8}.${i & 255}.1:80`); // more are not kept
    return readKey(text);
  });
  assert.is(fresh.filter((key) => typeof key === 'object').length, 9);
  for (const vip of vips) readKey(vip);
  assert.equal(read(), fresh);
});

Key.run();
