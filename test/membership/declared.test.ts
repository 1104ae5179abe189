import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readDeclared } from '../../host/membership/declared.js';
import { payload } from '../../host/membership/difference.js';
import { formatRefusal } from '../../host/membership/refusal.js';

const Declared = suite('membership/declared');

function records(text: string): object {
  const { records: found, refusals } = readDeclared(text, 'members.yaml');
  assert.equal(refusals.map(formatRefusal), []);
  return Object.fromEntries([...(found ?? [])].map(([key, record]) => [key, payload(record)]));
}

const lines = (text: string) => readDeclared(text, 'members.yaml').refusals.map(formatRefusal);

const WEB = 'tcp/192.0.2.80:80';
const EXPECTED = {
  [WEB]: { address: '192.0.2.80', protocol: 'tcp', port: 80, encap: { type: 'ipip' } },
  [`${WEB}/10.0.1.9`]: { vip: WEB, address: '10.0.1.9' },
  [`${WEB}/10.0.1.10`]: { vip: WEB, address: '10.0.1.10', weight: 3, state: 'draining' },
  'udp/[2001:db8::80]:53': { address: '2001:db8::80', protocol: 'udp', port: 53 },
};

const LIST = `
vips:
  - vip: tcp/192.0.2.80:80
    encap: ipip
    backends:
      - 10.0.1.9
      - { address: 10.0.1.10, weight: 3, state: draining }
  - { address: 2001:DB8::80, protocol: udp, port: 53 }
`;
const MAPPING = `
vips:
  tcp/192.0.2.80:80:
    encap: { type: ipip }
    backends:
      10.0.1.9:
      10.0.1.10: { weight: 3, state: draining }
  udp/[2001:db8:0::80]:53:
`;
const JSON_TEXT = JSON.stringify({
  vips: [
    {
      ...EXPECTED[WEB],
      backends: [{ address: '10.0.1.9' }, { address: '10.0.1.10', weight: 3, state: 'draining' }],
    },
    'udp/[2001:db8::80]:53',
  ],
});

Declared('a list, a mapping and JSON say the same', () => {
  assert.equal(records(LIST), EXPECTED);
  assert.equal(records(MAPPING), EXPECTED);
  assert.equal(records(JSON_TEXT), EXPECTED);
  assert.equal(records('vips: []'), {});
});

Declared('anchors, aliases and merge keys', () => {
  const text = `
vips:
  - <<: &common { encap: ipip, tableSize: 7 }
    vip: tcp/192.0.2.80:80
    backends: &servers [10.0.1.9]
  - <<: *common
    vip: tcp/192.0.2.80:81
    backends: *servers
`;
  assert.equal(Object.keys(records(text)), [WEB, `${WEB}/10.0.1.9`, 'tcp/192.0.2.80:81', 'tcp/192.0.2.80:81/10.0.1.9']);
});

Declared(
  'a backend of the other family, which the encapsulation of its VIP cannot reach, is refused; a tunnel can',
  () => {
    const text = (encap: string): string => `vips:
  - vip: tcp/192.0.2.80:80
    encap: ${encap}
    backends: [10.0.1.9, "2001:db8::9"]
`;
    assert.equal(Object.keys(records(text('gue'))), [WEB, `${WEB}/10.0.1.9`, `${WEB}/2001:db8::9`]);
    assert.equal(lines(text('l2')), [
      `line 4 of members.yaml: address "2001:db8::9" for backend 2001:db8::9, expected an IPv4 address, as its VIP ${WEB} has: l2 cannot change the family; file ignored`,
    ]);
  },
);

Declared('every mistake has its line and its field', () => {
  const text = `vips:
  - vip: tcp/192.0.2.80:80
    encap: vxlan
  - vip: tcp/192.0.2.80:81
    backends:
      - 10.0.1.9
      - address: 10.0.1.8
        wieght: 3
      - 10.0.1.9
      - { address: 10.0.1.7, weight: "3" }
      - 10.0.1
  - vip: tcp/192.0.2.80:81
  - vip: tcp/2001:db8::1:81
  - port: 80
`;
  assert.equal(lines(text), [
    'line 3 of members.yaml: encap.type "vxlan" for VIP tcp/192.0.2.80:80, expected l2, ipip, gre, gue or l3dsr; file ignored',
    'line 8 of members.yaml: wieght 3 for backend 10.0.1.8, not a field of a backend (vip, address, weight, encap, state, serverId, healthCheckMark, slowStart, katran); file ignored',
    'line 9 of members.yaml: address "10.0.1.9" for backend 10.0.1.9, expected once, is on line 6 already; file ignored',
    'line 10 of members.yaml: weight "3" for backend 10.0.1.7, expected 0..65535; file ignored',
    'line 11 of members.yaml: address "10.0.1", expected four decimal numbers without leading zeros, such as 10.0.1.9; file ignored',
    'line 12 of members.yaml: vip "tcp/192.0.2.80:81" for VIP tcp/192.0.2.80:81, expected once, is on line 4 already; file ignored',
    'line 13 of members.yaml: vip "tcp/2001:db8::1:81", expected brackets around an IPv6 address: tcp/[2001:db8::80]:80; file ignored',
    'line 14 of members.yaml: address is missing, expected an IPv4 or IPv6 address; file ignored',
  ]);
});

Declared('an empty file is no wish to take every VIP away', () => {
  const rule = 'expected `vips:`, and `vips: []` to state that there is none; file ignored';
  assert.equal(lines(''), [`line 1 of members.yaml: file is empty, ${rule}`]);
  assert.equal(lines('# all gone?\n'), [`line 1 of members.yaml: file is empty, ${rule}`]);
  assert.equal(lines('{}'), [`line 1 of members.yaml: file has no vips, ${rule}`]);
  assert.match(lines('vips:\n')[0] ?? '', /^line \d of members.yaml: vips null, expected a list, or a mapping by key/);
});

Declared('not YAML, duplicate keys, bombs, other documents', () => {
  assert.match(
    lines('vips: [\n1, 2')[0] ?? '',
    /^line \d of members.yaml: text is not valid \(\w+\), expected YAML or JSON/,
  );
  assert.match(
    lines('vips:\n  a: 1\n  a: 2')[0] ?? '',
    /^line 3 of members.yaml: .*DUPLICATE_KEY.*Map keys must be unique/,
  );
  const laughs = Array.from({ length: 9 }, (_, n) => `  - &a${n + 1} [${`*a${n},`.repeat(9)}]`).join('\n');
  const start = performance.now();
  assert.match(lines(`vips:\n  - &a0 [x]\n${laughs}`).join('\n'), /is not plain data/);
  assert.ok(performance.now() - start < 2000);
  assert.match(lines('vips: []\n---\nvips: []')[0] ?? '', /line 2 .*text has a second document, expected one/);
  assert.match(lines('vip: x\nvips: []')[0] ?? '', /line 1 .*field "vip", expected vips only/);
});

// Found by this test: recursion in the parser met the end of the stack inside V8, which ends the process.
Declared('nesting without end', () => {
  const deep = [
    `vips: ${'['.repeat(5000)}${']'.repeat(5000)}`,
    `vips: ${'{a: '.repeat(3000)}`,
    `- ${'- '.repeat(3000)}`,
    `${'? '.repeat(3000)}a`,
    Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
  ];
  for (const text of deep) assert.match(lines(text)[0] ?? '', /text is nested too deep, expected at most 32 levels/);
});

Declared('no more than 20 refusals of one file', () => {
  assert.is(lines(`vips: [${'1,'.repeat(100)}]`).length, 20);
});

Declared.run();
