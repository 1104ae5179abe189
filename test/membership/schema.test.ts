// The JSON Schema of the topic against our reader, judged by a validator that is not ours (ajv).
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatRefusal } from '../../host/membership/refusal.js';
import { keySchema, recordSchema, schemaFiles } from '../../host/membership/schema.js';
import { isRefusal, readTopicRecord } from '../../host/membership/validate.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const Schema = suite('membership/schema');

const ajv = new Ajv2020({ strict: true, strictRequired: false });
const isRecord = ajv.compile(recordSchema());
const isKey = ajv.compile(keySchema());

const WEB = 'tcp/192.0.2.80:80';
const NINE = `${WEB}/10.0.1.9`;
const web = (extra: object = {}) => ({ v: 1, address: '192.0.2.80', protocol: 'tcp', port: 80, ...extra });
const nine = (extra: object = {}) => ({ v: 1, vip: WEB, address: '10.0.1.9', ...extra });
const without = (record: object, field: string) =>
  Object.fromEntries(Object.entries(record).filter(([name]) => name !== field));

/** Key, value: the reader takes them, and so does the schema. */
const GOOD: [string, string, unknown][] = [
  ['a VIP', WEB, web()],
  ['an IPv6 VIP', 'udp/[2001:db8::53]:53', web({ address: '2001:db8::53', protocol: 'udp', port: 53 })],
  ['SCTP, any port', 'sctp/192.0.2.80:0', web({ protocol: 'sctp', port: 0 })],
  ['a prefix', 'tcp/192.0.2.0/24:80', web({ address: '192.0.2.0/24' })],
  ['an IPv6 prefix', 'tcp/[2001:db8::/64]:80', web({ address: '2001:db8::/64' })],
  ['all fields of a VIP', WEB, web({ encap: { type: 'gre' }, hash: 'envoy', hashOn: 'source', tableSize: 5000011 })],
  ['tracking', WEB, web({ tracking: 'none' })],
  ['a backend', NINE, nine()],
  [
    'an IPv6 address spelled out',
    `${WEB}/2001:db8:0:1::9`,
    nine({ address: '2001:DB8:0:1:0:0:0:9', encap: { type: 'ipip' } }),
  ],
  [
    'all colons an address can have',
    `${WEB}/1:2:3:4:5:6:7:0`,
    nine({ address: '1:2:3:4:5:6:7::', encap: { type: 'gre' } }),
  ],
  ['weights at their bounds', NINE, nine({ weight: 0 })],
  ['weight 65535', NINE, nine({ weight: 65535 })],
  ['weight 3.0', NINE, '{"v":1,"vip":"tcp/192.0.2.80:80","address":"10.0.1.9","weight":3.0}'],
  ['every state', NINE, nine({ state: 'draining' })],
  ['down', NINE, nine({ state: 'down' })],
  ['GUE with a private field', NINE, nine({ encap: { type: 'gue', port: 6081, variant: 0, private: 'C0ffee00' } })],
  ['L3DSR', NINE, nine({ encap: { type: 'l3dsr', dscp: 63 } })],
  ['every way of a UDP VIP', 'udp/192.0.2.80:80', web({ protocol: 'udp', routeBy: ['quic', 'stable-udp', 'source'] })],
  [
    'source routes',
    WEB,
    web({ routeBy: ['tcp-option', 'source'], sourceRoutes: { '0.0.0.0/0': '2001:db8::9', '10.0.0.7': '10.0.1.9' } }),
  ],
  ['no way', WEB, web({ routeBy: [] })],
  ['a server id', NINE, nine({ serverId: 16777213 })],
  ['server ids', NINE, nine({ serverId: [1, 16777213] })],
  ['a mark', NINE, nine({ healthCheckMark: 4294967295 })],
  ['slow start', NINE, nine({ slowStart: { seconds: 3600 } })],
  ['slow start since', NINE, nine({ slowStart: { seconds: 1, since: 1764072000000 } })],
  ['a scope', NINE, nine({ scope: 'edge-1' })],
  ['fields of a newer publisher', NINE, nine({ rack: ['a', { b: null }], encap: { type: 'ipip', ttl: 9 } })],
  ['a removal', NINE, { v: 1, removed: true }],
  ['a signature', NINE, nine({ signature: { key: 'ops-1', seq: 1, sig: `${'A'.repeat(86)}==` } })],
  ['a removal of a VIP, with what it was', WEB, web({ removed: true })],
];

/** The reader refuses them, and so does the schema. */
const BAD: [string, string, unknown][] = [
  ['no version', NINE, without(nine(), 'v')],
  ['a newer version', NINE, nine({ v: 2 })],
  ['version as text', NINE, nine({ v: '1' })],
  ['no address', NINE, without(nine(), 'address')],
  ['no port', WEB, without(web(), 'port')],
  ['no protocol', WEB, without(web(), 'protocol')],
  ['not an object', NINE, '[1]'],
  ['null', NINE, 'null'],
  ['text', NINE, '"weight"'],
  ['weight -1', NINE, nine({ weight: -1 })],
  ['weight 65536', NINE, nine({ weight: 65536 })],
  ['weight 1.5', NINE, nine({ weight: 1.5 })],
  ['weight as text', NINE, nine({ weight: '3' })],
  ['weight null', NINE, nine({ weight: null })],
  ['weight beyond doubles', NINE, '{"v":1,"vip":"tcp/192.0.2.80:80","address":"10.0.1.9","weight":1e999}'],
  ['a way nobody knows', WEB, web({ routeBy: ['cookie'] })],
  ['a way as text', WEB, web({ routeBy: 'tcp-option' })],
  ['a way twice', WEB, web({ routeBy: ['source', 'source'] })],
  ['source routes as a list', WEB, web({ routeBy: ['source'], sourceRoutes: ['10.0.0.0/8'] })],
  ['a source route of 33 bits', WEB, web({ routeBy: ['source'], sourceRoutes: { '10.0.0.0/33': '10.0.1.9' } })],
  ['a source route to a number', WEB, web({ routeBy: ['source'], sourceRoutes: { '10.0.0.0/8': 9 } })],
  ['mark 0', NINE, nine({ healthCheckMark: 0 })],
  ['a mark of 33 bits', NINE, nine({ healthCheckMark: 4294967296 })],
  ['server id 0', NINE, nine({ serverId: 0 })],
  ['server id 16777214', NINE, nine({ serverId: 16777214 })],
  ['no server ids', NINE, nine({ serverId: [] })],
  ['a server id twice', NINE, nine({ serverId: [7, 7] })],
  ['17 server ids', NINE, nine({ serverId: Array.from({ length: 17 }, (_, i) => i + 1) })],
  ['a state nobody knows', NINE, nine({ state: 'gone' })],
  ['an encapsulation nobody knows', NINE, nine({ encap: { type: 'vxlan' } })],
  ['encapsulation as text', NINE, nine({ encap: 'ipip' })],
  ['GUE port 0', NINE, nine({ encap: { type: 'gue', port: 0 } })],
  ['GUE variant 2', NINE, nine({ encap: { type: 'gue', variant: 2 } })],
  ['half a word of a private field', NINE, nine({ encap: { type: 'gue', variant: 0, private: 'c0ff' } })],
  ['DSCP 0', NINE, nine({ encap: { type: 'l3dsr', dscp: 0 } })],
  ['no DSCP', NINE, nine({ encap: { type: 'l3dsr' } })],
  ['slow start as a number', NINE, nine({ slowStart: 60 })],
  ['slow start of no time', NINE, nine({ slowStart: { seconds: 0 } })],
  ['slow start of more than an hour', NINE, nine({ slowStart: { seconds: 3601 } })],
  ['slow start without a length', NINE, nine({ slowStart: { since: 1 } })],
  ['slow start since a text', NINE, nine({ slowStart: { seconds: 60, since: '2026-11-25' } })],
  ['slow start before 1970', NINE, nine({ slowStart: { seconds: 60, since: -1 } })],
  ['port 65536', WEB, web({ port: 65536 })],
  ['a protocol without ports', WEB, web({ protocol: 'icmp' })],
  ['a hash nobody knows', WEB, web({ hash: 'katran' })],
  ['hash fields nobody knows', WEB, web({ hashOn: 'ip' })],
  ['a table too small', WEB, web({ tableSize: 5 })],
  ['a table too large', WEB, web({ tableSize: 5000021 })],
  ['tracking nobody knows', WEB, web({ tracking: 'some' })],
  ['a name instead of an address', NINE, nine({ address: 'backend9.example' })],
  ['a leading zero', NINE, nine({ address: '10.0.1.09' })],
  ['three parts', NINE, nine({ address: '10.0.9' })],
  ['a part beyond 255', NINE, nine({ address: '10.0.1.256' })],
  ['an address with a zone', NINE, nine({ address: 'fe80::9%eth0' })],
  ['a backend that is a prefix', NINE, nine({ address: '10.0.1.0/24' })],
  ['a prefix too short', WEB, web({ address: '192.0.0.0/7' })],
  ['a prefix too long', WEB, web({ address: '192.0.2.80/33' })],
  ['control characters', NINE, nine({ address: '10.0.1.9\u0000' })],
  ['a line end', NINE, nine({ address: '10.0.1.9\n' })],
  ['a VIP that is no key', NINE, nine({ vip: '192.0.2.80:80' })],
  ['a VIP that is the key of a backend', NINE, nine({ vip: NINE })],
  ['a VIP with a leading zero', NINE, nine({ vip: 'tcp/192.0.2.80:080' })],
  ['a signature of another length', NINE, nine({ signature: { key: 'ops-1', seq: 1, sig: 'AAAA' } })],
  ['a signature without a sequence', NINE, nine({ signature: { key: 'ops-1', sig: `${'A'.repeat(86)}==` } })],
  ['a key with a space', NINE, nine({ signature: { key: 'ops 1', seq: 1, sig: `${'A'.repeat(86)}==` } })],
  ['scope as a number', NINE, nine({ scope: 7 })],
  ['an empty scope', NINE, nine({ scope: '' })],
  ['removed: false', NINE, nine({ removed: false })],
  ['a removal without a version', NINE, { removed: true }],
];

/** What no schema says: refused by the reader alone. docs/TOPIC.md has the same list in words. */
const READER_ONLY: [string, string, unknown][] = [
  ['a table of no prime size', WEB, web({ tableSize: 65536 })],
  ['multicast', 'tcp/224.0.0.1:80', web({ address: '224.0.0.1' })],
  ['loopback', `${WEB}/127.0.0.1`, nine({ address: '127.0.0.1' })],
  ['an IPv6 text that is not whole', NINE, nine({ address: '2001:db8:1' })],
  ['IPv4 in IPv6', NINE, nine({ address: '::ffff:a00:109' })],
  ['bits behind a prefix', 'tcp/192.0.2.0/24:80', web({ address: '192.0.2.80/24' })],
  ['the other family without a tunnel', `${WEB}/2001:db8::9`, nine({ address: '2001:db8::9', encap: { type: 'l2' } })],
  ['a private field without variant 0', NINE, nine({ encap: { type: 'gue', private: 'c0ffee00' } })],
  ['a hash of the port that the system has not', WEB, web({ hash: 'envoy', hashOn: 'port' })],
  ['key and value that disagree', NINE, nine({ address: '10.0.1.8' })],
  ['a VIP under the key of a backend', NINE, web()],
  ['a name twice', NINE, '{"v":1,"vip":"tcp/192.0.2.80:80","address":"10.0.1.9","weight":1,"weight":2}'],
  ['nested too deep', NINE, nine({ x: JSON.parse(`${'['.repeat(20)}${']'.repeat(20)}`) })],
  ['more than 64 KiB', NINE, nine({ x: 'x'.repeat(65536) })],
];

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
const refusalOf = (key: string, value: unknown): string | undefined => {
  const place = { where: 'event at offset 8812', ignored: 'event' } as const;
  const outcome = readTopicRecord(Buffer.from(key), Buffer.from(textOf(value)), place);
  return isRefusal(outcome) ? formatRefusal(outcome) : undefined;
};
const schemaTakes = (value: unknown): boolean => isRecord(JSON.parse(textOf(value)));

Schema('schema/ is what the code says: npm run schema', () => {
  for (const [name, schema] of schemaFiles()) {
    assert.fixture(readFileSync(`${ROOT}schema/${name}`, 'utf8'), `${JSON.stringify(schema, null, 2)}\n`);
  }
});

for (const [what, key, value] of GOOD) {
  Schema(`taken by both: ${what}`, () => {
    assert.is(refusalOf(key, value), undefined);
    assert.ok(schemaTakes(value), JSON.stringify(isRecord.errors));
    assert.ok(isKey(key), key);
  });
}

for (const [what, key, value] of BAD) {
  Schema(`refused by both: ${what}`, () => {
    assert.type(refusalOf(key, value), 'string');
    assert.not(schemaTakes(value));
  });
}

for (const [what, key, value] of READER_ONLY) {
  Schema(`refused by the reader alone: ${what}`, () => {
    assert.type(refusalOf(key, value), 'string');
    assert.ok(schemaTakes(value), JSON.stringify(isRecord.errors));
  });
}

Schema('keys: what both refuse, and what the reader alone does', () => {
  const refused = (key: string): boolean => refusalOf(key, { v: 1, removed: true }) !== undefined;
  const both = [
    '',
    'weights',
    'icmp/192.0.2.80:80',
    'tcp/192.0.2.80',
    'tcp/192.0.2.80:65536',
    'tcp/192.0.2.80:080',
    'tcp/2001:db8::80:80',
    'tcp/[192.0.2.80]:80',
    'tcp/192.0.2.80:80/',
    'tcp/192.0.2.80:80/10.0.1.0/24',
    'tcp/192.0.2.80:80/10.0.1.9\n',
    ' tcp/192.0.2.80:80',
    'TCP/192.0.2.80:80',
  ];
  for (const key of both) assert.equal([key, refused(key), isKey(key)], [key, true, false]);
  const readerOnly = ['tcp/[2001:DB8::80]:80', 'tcp/[2001:db8:0::80]:80', 'tcp/192.0.2.80/32:80', 'tcp/[2001:db8]:80'];
  for (const key of readerOnly.slice(0, 3)) assert.equal([key, refused(key), isKey(key)], [key, true, true]);
  assert.equal([refused(readerOnly[3] as string), isKey(readerOnly[3])], [true, false]);
});

Schema('every field that the reader knows has a description, and its default where it may be left out', () => {
  const { $defs } = recordSchema() as {
    $defs: Record<string, { properties: Record<string, { description?: string }> }>;
  };
  for (const [kind, { properties }] of Object.entries($defs)) {
    for (const [name, { description }] of Object.entries(properties))
      assert.type(description, 'string', `${kind}.${name}`);
  }
});

Schema('docs/TOPIC.md: its records are taken, and every field has its row', () => {
  const text = readFileSync(`${ROOT}docs/TOPIC.md`, 'utf8');
  const records = [...text.matchAll(/^((?:tcp|udp|sctp)\/\S+) +(\{.*\})$/gm)];
  assert.is(records.length, 3);
  for (const [, key, value] of records) assert.is(refusalOf(key as string, value), undefined);
  const { $defs } = recordSchema() as { $defs: Record<string, { properties: object }> };
  const fields = Object.values($defs).flatMap(({ properties }) => Object.keys(properties));
  assert.equal(
    fields.filter((name) => !text.includes(`\n| \`${name}\` |`)),
    [],
  );
});

Schema.run();
