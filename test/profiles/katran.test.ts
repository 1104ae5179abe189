// The profiles `katran-v1` and `katran-v2` against values of Katran's own code and against a slow twin. The values are read
// from a folder of vectors that is not part of this repository: KATRAN_VECTORS, else ../shared/vectors/katran beside it.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addressBytes, isMapped } from '../../host/membership/address.js';
import type { Rings } from '../conformance/katran/format.js';
import { hashAddress } from '../model/address.js';
import { jhash } from '../model/jhash.js';
import { katranTable } from '../model/tables.js';
import { withSeeds } from '../support/random.js';
import { countSlots, createTables } from '../support/tables.js';

const Katran = suite('profiles/katran');
const tables = createTables(12);
const { pieces } = tables;
const folder =
  process.env.KATRAN_VECTORS ?? fileURLToPath(new URL('../../../../shared/vectors/katran', import.meta.url));
const file = `${folder}/rings.json`;
const rings = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Rings) : undefined;

/** An address as the model takes it. */
function identity(address: string): Uint8Array {
  const bytes = addressBytes(address);
  return isMapped(bytes) ? bytes.subarray(12) : bytes;
}

function portsOf(source: number, destination: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16BE(source, 0);
  bytes.writeUInt16BE(destination, 2);
  return bytes;
}

if (rings === undefined) {
  console.log(`skipped: values of Katran's own code: no ${file}; KATRAN_VECTORS names the folder`);
  Katran.skip("values of Katran's own code");
} else {
  Katran('hashes of addresses are those of Katran', () => {
    for (const { address, hash_hex } of rings.address_hashes) {
      const bytes = addressBytes(address.replace('::ffff:', ''));
      assert.is(pieces.callLong('follyHashAddress', pieces.lay(bytes)), BigInt(`0x${hash_hex}`), address);
    }
  });

  Katran('rings are those of Katran, slot for slot', () => {
    for (const ring of rings.rings) {
      const { version, ring_size: slotCount, endpoints } = ring;
      const table = tables.build({ hash: `katran-v${version}` }, endpoints, slotCount);
      const slots = table.map((place) => endpoints[place]?.index ?? 0);
      const what = `V${version}, ${slotCount} slots, ${endpoints.length} backends`;
      const body = Buffer.from(Uint32Array.from(slots).buffer);
      assert.equal(slots.slice(0, ring.first_slots.length), ring.first_slots, what);
      assert.equal(
        countSlots(table, endpoints.length),
        endpoints.map(({ index }) => ring.slots_per_index[index]),
        what,
      );
      assert.is(createHash('sha256').update(body).digest('hex'), ring.sha256_of_u32le_slots, what);
    }
  });

  Katran('hashes of packets are those of Katran', () => {
    for (const { src, src_port, dst_port, hash_hex, ring_slot } of rings.packet_hashes) {
      const ports = portsOf(src_port, dst_port).readUInt32LE();
      const hash = pieces.call('katranFlowHash', src.includes(':') ? 1 : 0, pieces.lay(identity(src)), ports, 65537);
      assert.is(hash, Number(`0x${hash_hex}`), `${src}:${src_port} > ${dst_port}`);
      assert.is(hash % 65537, ring_slot);
    }
  });

  Katran('MurmurHash3 of pairs is that of Katran', () => {
    for (const { a_hex, b, seed, out_hex } of rings.murmur3_x64_first64) {
      assert.is(pieces.callLong('murmur3Pair', BigInt(`0x${a_hex}`), BigInt(b), seed), BigInt(`0x${out_hex}`));
    }
  });
}

Katran('is the model: both versions, random weights and addresses of both families', () =>
  withSeeds([1, 2, 3, 4], ({ int, pick, bytes }) => {
    for (let i = 0; i < 8; i++) {
      const slotCount = pick([7, 17, 101, 509, 1021]);
      const most = pick([1, 5, 300]);
      const backends = Array.from({ length: 1 + int(20) }, (_, k) => ({
        address: int(2) === 1 ? `2001:db8::${(k + 9).toString(16)}` : `${bytes(3).join('.')}.${k}`,
        weight: 1 + int(most),
      }));
      const named = backends.map(({ address, weight }) => ({ identity: identity(address), weight }));
      for (const version of [1, 2] as const) {
        const what = `V${version}, ${slotCount} slots, ${JSON.stringify(backends)}`;
        const table = tables.build({ hash: `katran-v${version}` }, backends, slotCount);
        assert.equal(table, katranTable(named, slotCount, version), what);
      }
    }
  }),
);

Katran('a weight buys a head start in V1 and a share in V2', () => {
  const backends = [
    { address: '10.0.0.1', weight: 100 },
    { address: '10.0.0.2', weight: 1 },
  ];
  const shares = ([1, 2] as const).map((version) =>
    countSlots(tables.build({ hash: `katran-v${version}` }, backends, 65537), 2),
  );
  // V1: 100 and 1, then one each, the first in line first: half of the 65436 left. V2: 100 to 1, rounded to whole turns.
  assert.equal(shares[0], [32818, 32719]);
  assert.equal(shares[1], [64889, 648]);
});

Katran('fills 5,000,011 slots, where products wrap, and the order of a backend is no permutation', () => {
  const backends = [1, 2, 3].map((last) => ({ address: `10.0.0.${last}`, weight: 1 }));
  const counts = countSlots(tables.build({ hash: 'katran-v2' }, backends, 5000011), 3);
  assert.equal(counts.toSorted(), [1666670, 1666670, 1666671]);
});

Katran('hashes the port alone as a client without address that sends from that port', () => {
  for (const isV6 of [0, 1]) {
    const at = pieces.lay(new Uint8Array(16));
    const same = portsOf(443, 443).readUInt32LE();
    const ports = portsOf(40000, 443).readUInt32LE();
    const hash = pieces.call('katranPortHash', isV6, ports, pieces.scratch + 1024, 65537);
    assert.is(hash, pieces.call('katranFlowHash', isV6, at, same, 65537));
  }
});

Katran('seeds are made of the number of slots: 512 rings of 65537, and 512', () => {
  const source = addressBytes('2001:db8::7');
  const ports = portsOf(40000, 80);
  const v4 = Buffer.concat([source.subarray(0, 4), ports]);
  assert.is(pieces.call('katranFlowHash', 0, pieces.lay(source), ports.readUInt32LE(), 65537), jhash(v4, 33554944));
  const client = Buffer.alloc(4);
  client.writeUInt32LE(jhash(source, 512));
  const v6 = jhash(Buffer.concat([client, ports]), 33554944);
  assert.is(pieces.call('katranFlowHash', 1, pieces.lay(source), ports.readUInt32LE(), 65537), v6);
  assert.is(
    hashAddress(identity('10.0.0.1')),
    pieces.callLong('follyHashAddress', pieces.lay(addressBytes('10.0.0.1'))),
  );
});

Katran.run();
