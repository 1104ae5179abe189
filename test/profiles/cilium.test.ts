// The `cilium` profile against the answers of Cilium's own tests and against a slow twin.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { jhash, tuple6 } from '../model/jhash.js';
import { ciliumTable } from '../model/tables.js';
import { withSeeds } from '../support/random.js';
import { countSlots, createTables } from '../support/tables.js';

const Cilium = suite('profiles/cilium');
const tables = createTables();
const { pieces } = tables;

// Cilium, pkg/maglev/maglev_test.go: backends 0.0.0.1:1, 0.0.0.3:3, 0.0.0.4:4, 0.0.0.5:5, TCP, of these weights.
const BACKENDS = [
  { text: '[0.0.0.1:1/TCP,State:active]', weight: 2 },
  { text: '[0.0.0.3:3/TCP,State:active]', weight: 13 },
  { text: '[0.0.0.4:4/TCP,State:active]', weight: 111 },
  { text: '[0.0.0.5:5/TCP,State:active]', weight: 10 },
];

Cilium('the published counts at 1021 slots (TestWeightedBackendWithRemoval)', () => {
  assert.equal(countSlots(tables.buildNamed('cilium', BACKENDS, 1021), 4), [16, 98, 832, 75]);
});

Cilium('the published table of 251 slots, where it begins and ends (TestReproducible)', () => {
  const table = tables.buildNamed('cilium', BACKENDS, 251);
  // Runs 2(5),3(1),2(3),1(1),2(2),0(1),2(1),3(1) ... 3(1),2(2),1(1),2(7).
  assert.equal(table.slice(0, 15), [2, 2, 2, 2, 2, 3, 2, 2, 2, 1, 2, 2, 0, 2, 3]);
  assert.equal(table.slice(-11), [3, 2, 2, 1, 2, 2, 2, 2, 2, 2, 2]);
});

Cilium('is the model: equal weights of 1 and more, unequal ones, both families, the port of the VIP', () =>
  withSeeds([1, 2, 3, 4], ({ int, pick }) => {
    for (let i = 0; i < 8; i++) {
      const slotCount = pick([7, 101, 251, 1021]);
      const port = int(65536);
      const isV6 = int(2) === 1;
      const [least, most] = pick([[1, 1] as const, [100, 100] as const, [1, 3] as const, [1, 65535] as const]);
      const backends = Array.from({ length: 1 + int(30) }, (_, k) => ({
        address: isV6 ? `2001:db8::${(k + 9).toString(16)}` : `10.0.${int(200)}.${k + 1}`,
        weight: least + int(most - least + 1),
      }));
      const named = backends.map(({ address, weight }) => ({
        identity: Buffer.from(`[${isV6 ? `[${address}]` : address}:${port}/UDP,State:active]`),
        weight,
      }));
      const what = `${slotCount} slots, ${JSON.stringify(backends)}`;
      const table = tables.build({ hash: 'cilium', port, protocol: 'udp' }, backends, slotCount);
      assert.equal(table, ciliumTable(named, slotCount), what);
    }
  }),
);

Cilium('hashes source, ports and protocol with the second and third word of the seed', () =>
  withSeeds([5, 6], ({ bytes, pick }) => {
    for (let i = 0; i < 50; i++) {
      const source = bytes(16);
      const portBytes = bytes(4);
      const ports = Buffer.from(portBytes).readUInt32LE();
      const protocol = pick([6, 17, 132]);
      const message = Buffer.concat([source.subarray(0, 4), portBytes, Buffer.of(protocol, 0, 0, 0)]);
      const at = pieces.lay(source);
      assert.is(pieces.call('ciliumFlowHash', 0, at, ports, protocol), jhash(message, 0x71dcda46));
      assert.is(pieces.call('ciliumFlowHash', 1, at, ports, protocol), tuple6(source, ports, protocol, 0x92505688));
    }
  }),
);

Cilium('the seed is that of the base64 text', () => {
  const seed = Buffer.from('JLfvgnHc2kaSUFaI', 'base64');
  assert.equal(
    [0, 4, 8].map((at) => seed.readUInt32BE(at)),
    [0x24b7ef82, 0x71dcda46, 0x92505688],
  );
});

Cilium.run();
