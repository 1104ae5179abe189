// The `envoy` profile against the tables of Envoy's own tests and against a slow twin.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { xxh64 } from '../model/hash64.js';
import { envoyTable } from '../model/tables.js';
import { withSeeds } from '../support/random.js';
import { countSlots, createTables } from '../support/tables.js';

const Envoy = suite('profiles/envoy');
const tables = createTables();
const { pieces } = tables;

// Envoy, test/extensions/load_balancing_policies/maglev/maglev_lb_test.cc: Basic, Weighted, and the host with 127/128.
const host = (port: number, weight = 1): { text: string; weight: number } => ({ text: `127.0.0.1:${port}`, weight });

Envoy('the published table of six hosts and 7 slots', () => {
  const hosts = [90, 91, 92, 93, 94, 95].map((port) => host(port));
  assert.equal(tables.buildNamed('envoy', hosts, 7), [2, 4, 0, 1, 5, 0, 3]);
});

Envoy('the published tables of two hosts and 17 slots, equal and 8 to 2', () => {
  const equal = [1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1];
  assert.equal(tables.buildNamed('envoy', [host(90), host(91)], 17), equal);
  const weighted = [1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0];
  assert.equal(tables.buildNamed('envoy', [host(90, 8), host(91, 2)], 17), weighted);
});

Envoy('one of 1024 hosts with 127/128 of the weight has 64514 of 65537 slots, each other one', () => {
  // 1023 hosts of weight 1 and one of 127 * 1023.
  const hosts = Array.from({ length: 1024 }, (_, i) => ({ text: `10.0.${i >> 8}.${i & 255}:80`, weight: 1 }));
  hosts.sort((a, b) => (a.text < b.text ? -1 : 1));
  hosts[0] = { text: hosts[0]?.text ?? '', weight: 127 * 1023 };
  const counts = countSlots(tables.buildNamed('envoy', hosts, 65537), 1024);
  assert.equal(counts, [64514, ...new Array<number>(1023).fill(1)]);
});

Envoy('is the model: addresses of both families, the port of the VIP, sorted as text', () =>
  withSeeds([1, 2, 3, 4], ({ int, pick }) => {
    for (let i = 0; i < 8; i++) {
      const slotCount = pick([7, 101, 509, 1021]);
      const port = int(65536);
      const isV6 = int(2) === 1;
      const most = pick([1, 10, 65535]);
      const backends = Array.from({ length: 1 + int(30) }, (_, k) => ({
        address: isV6 ? `2001:db8::${(k + 9).toString(16)}` : `10.0.${int(200)}.${k + 1}`,
        weight: 1 + int(most),
      }));
      const named = backends.map(({ address, weight }) => ({
        identity: Buffer.from(isV6 ? `[${address}]:${port}` : `${address}:${port}`),
        weight,
      }));
      const what = `${slotCount} slots, ${JSON.stringify(backends)}`;
      assert.equal(tables.build({ hash: 'envoy', port }, backends, slotCount), envoyTable(named, slotCount), what);
    }
  }),
);

Envoy('hashes a client by its address as text, without its port', () => {
  const clients: [text: string, bytes: number[]][] = [
    ['203.0.113.7', [203, 0, 113, 7]],
    ['0.10.99.255', [0, 10, 99, 255]],
    ['100.200.255.1', [100, 200, 255, 1]],
    // RFC 5952, sections 4.2.2 and 4.2.3: one zero group is written, of two runs the first is left out.
    ['2001:db8:0:1:1:1:1:1', [0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]],
    ['2001:db8::1:0:0:1', [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]],
    ['2001:0:0:1::1', [0x20, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]],
    ['fe80::', [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['::', new Array<number>(16).fill(0)],
    ['::1', [...new Array<number>(15).fill(0), 1]],
    [
      'abcd:ef01:2345:6789:abcd:ef01:2345:6789',
      [0xab, 0xcd, 0xef, 1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 1, 0x23, 0x45, 0x67, 0x89],
    ],
  ];
  for (const [text, bytes] of clients) {
    const at = pieces.lay(Uint8Array.from(bytes));
    const isV6 = bytes.length === 16 ? 1 : 0;
    const scratch = pieces.scratch + 1024;
    const length = pieces.call('writeAddress', isV6, at, scratch);
    assert.is(Buffer.from(pieces.read(scratch, length)).toString(), text);
    assert.is(pieces.callLong('envoyClientHash', isV6, at, scratch), xxh64(Buffer.from(text), 0n), text);
  }
});

Envoy('hashes a flow as source, destination, ports and protocol', () =>
  withSeeds([5], ({ bytes }) => {
    for (const size of [4, 16]) {
      const message = Buffer.concat([bytes(2 * size + 4), Buffer.of(6)]); // ports and protocol, as in the packet
      const ports = message.readUInt32LE(2 * size);
      const at = pieces.lay(message.subarray(0, 2 * size));
      const hash = pieces.callLong('envoyFlowHash', size === 16 ? 1 : 0, at, ports, 6, pieces.scratch + 1024);
      assert.is(hash, xxh64(message, 0n));
    }
  }),
);

Envoy.run();
