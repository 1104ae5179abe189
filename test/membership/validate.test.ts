import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Refusal } from '../../host/membership/event.js';
import { VALUE_BYTES_MAX } from '../../host/membership/jsonRecord.js';
import { isPrime } from '../../host/membership/record.js';
import { formatRefusal, showValue } from '../../host/membership/refusal.js';
import {
  isRefusal,
  readTopicRecord,
  type TopicRecord,
  topicValue,
  validateChanges,
} from '../../host/membership/validate.js';
import { MALFORMED } from './malformed.js';

const Validate = suite('membership/validate');

const WEB = 'tcp/192.0.2.80:80';
const NINE = `${WEB}/10.0.1.9`;
const PLACE = { where: 'event at offset 8812', ignored: 'event' } as const;

function read(key: string | null, value: unknown): TopicRecord | Refusal {
  const bytes = value === null || Buffer.isBuffer(value) ? (value as Buffer | null) : Buffer.from(toText(value));
  return readTopicRecord(key === null ? null : Buffer.from(key), bytes, PLACE);
}

const toText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
const line = (key: string | null, value: unknown) => {
  const outcome = read(key, value);
  return isRefusal(outcome) ? formatRefusal(outcome) : 'taken';
};
const nine = (extra: object) => ({ v: 1, vip: WEB, address: '10.0.1.9', ...extra });
const web = (extra: object) => ({ v: 1, address: '192.0.2.80', protocol: 'tcp', port: 80, ...extra });

// Whole lines: what an operator reads. The first is the example of STYLE.md, section 3.
const GOLDEN: [string, string | null, unknown, string][] = [
  ['weight', NINE, nine({ weight: -3 }), 'weight -3 for backend 10.0.1.9, expected 0..65535'],
  ['weight above', NINE, nine({ weight: 65536 }), 'weight 65536 for backend 10.0.1.9, expected 0..65535'],
  ['weight as text', NINE, nine({ weight: '3' }), 'weight "3" for backend 10.0.1.9, expected 0..65535'],
  ['weight with a fraction', NINE, nine({ weight: 1.5 }), 'weight 1.5 for backend 10.0.1.9, expected 0..65535'],
  ['weight null', NINE, nine({ weight: null }), 'weight null for backend 10.0.1.9, expected 0..65535'],
  [
    'weight beyond doubles',
    NINE,
    `{"v":1,"vip":"${WEB}","address":"10.0.1.9","weight":1e999}`,
    'weight Infinity for backend 10.0.1.9, expected 0..65535',
  ],
  ['state', NINE, nine({ state: 'gone' }), 'state "gone" for backend 10.0.1.9, expected active, draining or down'],
  [
    'encap nobody knows',
    NINE,
    nine({ encap: { type: 'vxlan' } }),
    'encap.type "vxlan" for backend 10.0.1.9, expected l2, ipip, gre, gue or l3dsr',
  ],
  ['GUE port', NINE, nine({ encap: { type: 'gue', port: 0 } }), 'encap.port 0 for backend 10.0.1.9, expected 1..65535'],
  [
    'GUE variant',
    NINE,
    nine({ encap: { type: 'gue', variant: 2 } }),
    'encap.variant 2 for backend 10.0.1.9, expected 0 or 1',
  ],
  [
    'GUE private field, half a word',
    NINE,
    nine({ encap: { type: 'gue', variant: 0, private: 'c0ffee' } }),
    'encap.private "c0ffee" for backend 10.0.1.9, expected hex digits of 4..36 bytes, a multiple of 4',
  ],
  [
    'GUE private field of variant 1',
    NINE,
    nine({ encap: { type: 'gue', private: 'c0ffee00' } }),
    'encap.private "c0ffee00" for backend 10.0.1.9, expected with variant 0 only: variant 1 has no header for it',
  ],
  ['DSCP', NINE, nine({ encap: { type: 'l3dsr', dscp: 64 } }), 'encap.dscp 64 for backend 10.0.1.9, expected 1..63'],
  [
    'DSCP missing',
    NINE,
    nine({ encap: { type: 'l3dsr' } }),
    'encap.dscp is missing for backend 10.0.1.9, expected 1..63',
  ],
  [
    'encap as text',
    NINE,
    nine({ encap: 'ipip' }),
    'encap "ipip" for backend 10.0.1.9, expected an object such as { type: ipip }',
  ],
  [
    'slow start',
    NINE,
    nine({ slowStart: { seconds: 0 } }),
    'slowStart.seconds 0 for backend 10.0.1.9, expected 1..3600',
  ],
  [
    'slow start since',
    NINE,
    nine({ slowStart: { seconds: 60, since: 'noon' } }),
    'slowStart.since "noon" for backend 10.0.1.9, expected Unix time in ms',
  ],
  [
    'slow start as a number',
    NINE,
    nine({ slowStart: 60 }),
    'slowStart 60 for backend 10.0.1.9, expected an object such as { seconds: 60 }',
  ],
  ['port', WEB, web({ port: 65536 }), `port 65536 for VIP ${WEB}, expected 0..65535`],
  [
    'port missing',
    WEB,
    { v: 1, address: '192.0.2.80', protocol: 'tcp' },
    `port is missing for VIP ${WEB}, expected 0..65535`,
  ],
  ['protocol', WEB, web({ protocol: 'icmp' }), `protocol "icmp" for VIP ${WEB}, expected tcp, udp or sctp`],
  [
    'table size not prime',
    WEB,
    web({ tableSize: 65536 }),
    `tableSize 65536 for VIP ${WEB}, expected a prime of 7..5000011`,
  ],
  ['table size too small', WEB, web({ tableSize: 5 }), `tableSize 5 for VIP ${WEB}, expected a prime of 7..5000011`],
  [
    'hash',
    WEB,
    web({ hash: 'katran' }),
    `hash "katran" for VIP ${WEB}, expected native, katran-v1, katran-v2, cilium or envoy`,
  ],
  ['hash fields', WEB, web({ hashOn: 'ip' }), `hashOn "ip" for VIP ${WEB}, expected 5-tuple, source or port`],
  [
    'port alone with a hash that has no such thing',
    WEB,
    web({ hash: 'envoy', hashOn: 'port' }),
    `hashOn "port" for VIP ${WEB}, expected 5-tuple or source with hash envoy`,
  ],
  ['tracking', WEB, web({ tracking: 'some' }), `tracking "some" for VIP ${WEB}, expected changed, all or none`],
  [
    'multicast',
    'tcp/224.0.0.1:80',
    web({ address: '224.0.0.1' }),
    'address "224.0.0.1" for VIP tcp/224.0.0.1:80, expected the address of one host, not a multicast address',
  ],
  [
    'bits behind a prefix',
    'tcp/192.0.2.0/24:80',
    web({ address: '192.0.2.80/24' }),
    'address "192.0.2.80/24" for VIP tcp/192.0.2.0/24:80, expected no bits behind the prefix length: 192.0.2.0/24',
  ],
  [
    'prefix too short',
    'tcp/192.0.2.0/24:80',
    web({ address: '192.0.0.0/7' }),
    'address "192.0.0.0/7" for VIP tcp/192.0.2.0/24:80, expected a prefix length of 8..32',
  ],
  [
    'prefix of loopback',
    'tcp/127.0.0.0/8:80',
    web({ address: '127.0.0.0/8' }),
    'address "127.0.0.0/8" for VIP tcp/127.0.0.0/8:80, expected the address of one host, not a loopback address',
  ],
  [
    'prefix as a backend',
    NINE,
    nine({ address: '10.0.1.0/24' }),
    'address "10.0.1.0/24" for backend 10.0.1.9, expected one address, not a prefix',
  ],
  [
    'family',
    `${WEB}/2001:db8::9`,
    nine({ address: '2001:db8::9', encap: { type: 'l2' } }),
    `address "2001:db8::9" for backend 2001:db8::9, expected an IPv4 address, as its VIP ${WEB} has: l2 cannot change the family`,
  ],
  ['version', NINE, nine({ v: 2 }), 'v 2 for backend 10.0.1.9, expected 1: written for a newer balancer'],
  ['no version', NINE, { vip: WEB, address: '10.0.1.9' }, 'v is missing for backend 10.0.1.9, expected 1'],
  ['scope', NINE, nine({ scope: 7 }), 'scope 7 for backend 10.0.1.9, expected a name of 1..100 characters'],
  [
    'key and value disagree',
    NINE,
    nine({ address: '10.0.1.8' }),
    `value names ${WEB}/10.0.1.8 for backend 10.0.1.9, expected the record that the key names`,
  ],
  [
    'VIP of key and value disagree',
    NINE,
    nine({ vip: 'tcp/192.0.2.80:81' }),
    `value names tcp/192.0.2.80:81/10.0.1.9 for backend 10.0.1.9, expected the record that the key names`,
  ],
  ['not JSON', NINE, 'weight=3', 'value "weight=3" for backend 10.0.1.9, expected JSON'],
  ['NaN', NINE, '{"weight": NaN}', 'value "{\\"weight\\": NaN}" for backend 10.0.1.9, expected JSON'],
  ['empty', NINE, '', 'value "" for backend 10.0.1.9, expected JSON'],
  ['not an object', NINE, '[1,2,3]', 'value array of 3 for backend 10.0.1.9, expected a JSON object'],
  ['null', NINE, 'null', 'value null for backend 10.0.1.9, expected a JSON object'],
  [
    'a field twice',
    NINE,
    `{"v":1,"vip":"${WEB}","address":"10.0.1.9","weight":1,"we\\u0069ght":2}`,
    'field "weight" for backend 10.0.1.9, expected once, is there twice',
  ],
  ['not UTF-8', NINE, Buffer.from([0x7b, 0xff, 0x7d]), 'value "{ÿ}" for backend 10.0.1.9, expected UTF-8'],
  [
    'too large',
    NINE,
    Buffer.alloc(10 * 1024 * 1024, 0x20),
    `value of 10485760 bytes for backend 10.0.1.9, expected at most ${VALUE_BYTES_MAX}`,
  ],
  ['no key', null, nine({}), 'key is missing, expected a key'],
  [
    'no such key',
    'weights',
    nine({}),
    'key "weights", expected a key such as tcp/192.0.2.80:80, or tcp/192.0.2.80:80/10.0.1.9 for a backend',
  ],
  [
    'key in another spelling',
    'tcp/[2001:DB8::80]:80',
    '{}',
    'key "tcp/[2001:DB8::80]:80", expected its canonical form tcp/[2001:db8::80]:80',
  ],
  [
    'tombstone of no key',
    'x',
    null,
    'key "x", expected a key such as tcp/192.0.2.80:80, or tcp/192.0.2.80:80/10.0.1.9 for a backend',
  ],
];

for (const [what, key, value, expected] of GOLDEN) {
  Validate(`refused by name: ${what}`, () => {
    assert.is(line(key, value), `event at offset 8812: ${expected}; event ignored`);
  });
}

for (const { what, key, value, refused } of MALFORMED) {
  Validate(`malformed, refused by name: ${what}`, () => {
    assert.is(line(key, value), `event at offset 8812: ${refused}; event ignored`);
  });
}

Validate('a removal as a value says what a tombstone says', () => {
  const step = { kind: 'remove', key: NINE, vipKey: WEB, backendAddress: '10.0.1.9' };
  assert.equal(read(NINE, { v: 1, removed: true }), { key: NINE, step });
  assert.equal(read(NINE, nine({ removed: true, scope: 'edge' })), { key: NINE, scope: 'edge', step });
  assert.is(
    line(NINE, { v: 1, removed: 'yes' }),
    'event at offset 8812: removed "yes" for backend 10.0.1.9, expected true, or no such field; event ignored',
  );
});

Validate('a field of an encapsulation that nobody knows is kept in a topic, refused in a file', () => {
  const encap = { type: 'ipip', ttl: 9 };
  const { step } = read(NINE, nine({ encap })) as TopicRecord;
  assert.equal(step.kind === 'backend' && step.backend.encap, encap);
  const { refusals } = validateChanges([{ put: { vip: WEB, address: '10.0.1.9', encap } }]);
  assert.equal(refusals.map(formatRefusal), [
    'change 1: encap.ttl 9 for backend 10.0.1.9, not a field of encap; changes ignored',
  ]);
});

Validate('a record is taken, unknown fields and all', () => {
  const record = read(NINE, nine({ weight: 0, scope: 'edge', rack: ['a', { b: 1 }] }));
  assert.equal(record, {
    key: NINE,
    scope: 'edge',
    step: {
      kind: 'backend',
      key: NINE,
      vipKey: WEB,
      backend: { vip: WEB, address: '10.0.1.9', weight: 0, rack: ['a', { b: 1 }] },
    },
  });
  assert.equal(read(WEB, web({ tableSize: 5000011, tracking: 'none' })), {
    key: WEB,
    step: {
      kind: 'vip',
      key: WEB,
      vip: { address: '192.0.2.80', protocol: 'tcp', port: 80, tableSize: 5000011, tracking: 'none' },
    },
  });
  assert.equal(read(NINE, null), {
    key: NINE,
    step: { kind: 'remove', key: NINE, vipKey: WEB, backendAddress: '10.0.1.9' },
  });
});

Validate('what is written is read as it was', () => {
  const value = nine({ weight: 5, state: 'draining', encap: { type: 'ipip' } });
  const record = read(NINE, value) as TopicRecord;
  assert.equal(JSON.parse(topicValue(record.step, 'edge') ?? ''), { ...value, scope: 'edge' });
  assert.is(topicValue({ kind: 'remove', key: NINE, vipKey: WEB }), null);
});

Validate('hostile values are refused, quickly, on one short line', () => {
  const hostile = [
    `${'['.repeat(32_000)}${']'.repeat(32_000)}`,
    `{"v":1,"x":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
    `{"v":1,"x":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}`,
    `"${'\\'.repeat(60_000)}"`,
    `{"v":1,"vip":"\u001b[2J\u0007\r\n","address":"\u202eevil"}`,
    '{"__proto__":{"v":1},"constructor":1}',
    `{"v":1,"vip":{"toString":1},"address":{"length":9}}`,
    '{',
    '\ufeff{}',
    '{"v":1,"vip":"tcp/192.0.2.80:80","address":"10.0.1.9","weight":{"a":{"b":{}}}}',
  ];
  for (const value of hostile) {
    const start = performance.now();
    const text = line(NINE, value);
    assert.match(text, /^event at offset 8812: .* ignored$/, value.slice(0, 40));
    assert.ok(text.length < 400, text);
    assert.not.match(text, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    assert.ok(performance.now() - start < 500, value.slice(0, 40));
  }
});

Validate('random bytes and mutilated records never throw', () => {
  let seed = 12345; // fixed: the point is the many shapes, not which
  const random = (n: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % n;
  };
  const good = Buffer.from(toText(nine({ weight: 5, encap: { type: 'ipip' }, note: ['x', { y: null }] })));
  let taken = 0;
  for (let round = 0; round < 5000; round++) {
    const bytes = Buffer.from(good);
    for (let n = random(4); n >= 0; n--) bytes[random(bytes.length)] = random(256);
    const outcome = read(NINE, bytes.subarray(0, random(10) === 0 ? random(bytes.length) : bytes.length));
    if (isRefusal(outcome)) assert.match(formatRefusal(outcome), / ignored$/);
    else taken++;
  }
  assert.ok(taken > 0 && taken < 5000, `${taken} taken`);
});

Validate('changes of a program: all or none, with a hint at mistyped fields', () => {
  const good = { put: { vip: 'tcp/[2001:DB8::80]:80', address: '2001:db8:1:0::9', weight: undefined } };
  assert.equal(validateChanges([good]).changes, [{ put: { vip: 'tcp/[2001:db8::80]:80', address: '2001:db8:1::9' } }]);
  const bad = [
    good,
    { put: { vip: WEB, address: '10.0.1.9', wieght: 3 } },
    { remove: 'x' },
    null,
    {},
    { put: 7 },
    { put: {}, remove: WEB },
  ];
  const { changes, refusals } = validateChanges(bad);
  assert.equal(changes, []);
  assert.equal(refusals.map(formatRefusal), [
    'change 2: wieght 3 for backend 10.0.1.9, not a field of a backend (vip, address, weight, encap, state, serverId, healthCheckMark, slowStart, katran); changes ignored',
    'change 3: key "x", expected a key such as tcp/192.0.2.80:80, or tcp/192.0.2.80:80/10.0.1.9 for a backend; changes ignored',
    'change 4: change null, expected { put: record } or { remove: key }; changes ignored',
    'change 5: change {}, expected { put: record } or { remove: key }; changes ignored',
    'change 6: vip 7, expected an object; changes ignored',
    'change 7: change {"put", "remove"}, expected { put: record } or { remove: key }; changes ignored',
  ]);
});

Validate('primes', () => {
  const primes = Array.from({ length: 60 }, (_, n) => n).filter(isPrime);
  assert.equal(primes, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59]);
  assert.equal([65537, 5000011, 65536, 5000009, 49].map(isPrime), [true, true, false, false, false]);
});

Validate('values are shown short and tame', () => {
  assert.is(showValue('a\u001b[31m\u202e\u0085'), '"a\\u001b[31m\\u202e\\u0085"');
  assert.is(showValue('x'.repeat(1_000_000)).length, 102);
  assert.is(showValue({ a: 1, b: 2, c: 3, d: 4 }), '{"a", "b", "c", ...}');
  assert.is(showValue(Number.NaN), 'NaN');
  assert.is(showValue(10n), '10n');
});

Validate.run();
