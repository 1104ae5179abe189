import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MaglevError } from '../../host/errors.js';
import { changeOfDifference, type Difference } from '../../host/membership/difference.js';
import type { Backend, Change, Vip } from '../../host/membership/event.js';
import { declareRecords, editRecords, keysOfAddress } from '../../host/publishing/edit.js';
import { recordsOf } from './support.js';

const Edit = suite('publishing/edit');

const WEB = 'tcp/192.0.2.80:80';
const DNS = 'udp/192.0.2.80:53';
const A = `${WEB}/10.0.1.9`;
const B = `${WEB}/10.0.1.10`;
const web: Vip = { address: '192.0.2.80', protocol: 'tcp', port: 80 };
const a = { vip: WEB, address: '10.0.1.9', rack: 'r4' } as Backend;
const b: Backend = { vip: WEB, address: '10.0.1.10', weight: 3, state: 'down' };

const RECORDS = recordsOf(web, a, b);

/** What is to be published, as changes. */
const changes = (found: Difference[]): Change[] => found.map(changeOfDifference);

const codeOf = (run: () => unknown): unknown[] => {
  try {
    run();
  } catch (error) {
    assert.instance(error, MaglevError);
    return [(error as MaglevError).code, (error as MaglevError).message];
  }
  return [];
};

Edit('set changes the fields it names and leaves the others, unknown ones too', () => {
  assert.equal(changes(editRecords(RECORDS, [{ set: A, state: 'draining' }])), [{ put: { ...a, state: 'draining' } }]);
  assert.equal(changes(editRecords(RECORDS, [{ set: B, weight: 5 }])), [{ put: { ...b, weight: 5 } }]);
});

Edit('active leaves the state out, so that the end of a drain leaves the record as it was', () => {
  const { state: _, ...active } = b;
  assert.equal(changes(editRecords(RECORDS, [{ set: B, state: 'active' }])), [{ put: active }]);
  const drained = editRecords(RECORDS, [
    { set: A, state: 'draining' },
    { set: A, state: 'active' },
  ]);
  assert.equal(drained, []);
  const spelled = recordsOf(web, { ...a, state: 'active' });
  assert.equal(editRecords(spelled, [{ set: A, state: 'active' }]), []);
});

Edit('what is so already is not said again', () => {
  assert.equal(editRecords(RECORDS, [{ set: B, state: 'down', weight: 3 }, { put: web }]), []);
});

Edit('a record whose last message nobody takes is said again, where something is wanted of it', () => {
  const isBroken = (key: string): boolean => key === A || key === B;
  assert.equal(changes(editRecords(RECORDS, [{ set: A, state: 'active' }], isBroken)), [{ put: a }]);
  assert.equal(changes(declareRecords(RECORDS, recordsOf(web, b), { remove: false, isBroken })), [{ put: b }]);
});

Edit('the removal of a record that is not there is said where balancers may have it all the same', () => {
  const gone = `${WEB}/10.0.1.77`;
  assert.equal(editRecords(RECORDS, [{ remove: gone }]), []);
  assert.equal(
    editRecords(RECORDS, [{ remove: gone }], (key) => key === gone),
    [{ key: gone }],
  );
});

Edit('put takes any spelling and keeps fields that are not known here', () => {
  const put = { vip: WEB, address: '::ffff:10.0.1.9', weight: 2 } as Backend;
  const found = editRecords(RECORDS, [{ put: { ...put, address: '10.0.1.9' } }]);
  assert.equal(changes(found), [{ put: { rack: 'r4', vip: WEB, address: '10.0.1.9', weight: 2 } }]);
});

Edit('a VIP that is removed takes its backends with it, and nothing else', () => {
  const records = recordsOf(web, a, b, { ...web, protocol: 'udp', port: 53 }, { vip: DNS, address: '10.0.1.9' });
  const found = changes(editRecords(records, [{ remove: WEB }]));
  assert.equal(found, [{ remove: WEB }, { remove: A }, { remove: B }]);
});

Edit('edits are made one after the other', () => {
  const found = editRecords(RECORDS, [{ remove: A }, { put: { vip: WEB, address: '10.0.1.9', weight: 7 } }]);
  assert.equal(changes(found), [{ put: { vip: WEB, address: '10.0.1.9', weight: 7 } }]);
});

Edit('what cannot be is named, and nothing is done', () => {
  assert.equal(
    codeOf(() =>
      editRecords(RECORDS, [
        { set: A, weight: 2 },
        { set: `${WEB}/10.0.1.77`, weight: 1 },
      ]),
    ),
    ['ERR_RECORD', `edit 2: ${WEB}/10.0.1.77 is not in the topic`],
  );
  assert.equal(
    codeOf(() => editRecords(RECORDS, [{ set: WEB, weight: 2 }])),
    ['ERR_RECORD', `edit 1: ${WEB} expected the key of a backend, such as tcp/192.0.2.80:80/10.0.1.9`],
  );
  assert.equal(
    codeOf(() => editRecords(RECORDS, [{ set: A, weight: 65_536 }])),
    ['ERR_RECORD', 'edit 1: weight 65536 for backend 10.0.1.9, expected 0..65535; changes ignored'],
  );
});

Edit('declare says all there is to be, or with remove false what there is to be beside', () => {
  const declared = recordsOf(web, { vip: WEB, address: '10.0.1.9', weight: 2 });
  const put = { put: { rack: 'r4', vip: WEB, address: '10.0.1.9', weight: 2 } };
  assert.equal(changes(declareRecords(RECORDS, declared)), [put, { remove: B }]);
  assert.equal(changes(declareRecords(RECORDS, declared, { remove: false })), [put]);
});

Edit('finds all backends of an address', () => {
  const records = recordsOf(web, a, b, { vip: DNS, address: '10.0.1.9' });
  assert.equal(keysOfAddress(records, '10.0.1.9'), [A, `${DNS}/10.0.1.9`]);
  assert.equal(keysOfAddress(records, '10.0.1.77'), []);
});

Edit.run();
