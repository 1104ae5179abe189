// What a step moves, and when that is too much: the planner over real tables, the limits over its plans.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createHotPath } from '../../host/hotpath.js';
import { changeOfDifference, type RecordMap } from '../../host/membership/difference.js';
import type { Backend, Change, Vip } from '../../host/membership/event.js';
import { type Edit, editRecords } from '../../host/publishing/edit.js';
import { excessOf } from '../../host/publishing/limits.js';
import { planStep } from '../../host/publishing/planner.js';
import { backendsOf, recordsOf } from './support.js';

const Limits = suite('publishing/limits');

const WEB = 'tcp/192.0.2.80:80';
const web: Vip = { address: '192.0.2.80', protocol: 'tcp', port: 80 };
const SECRET = 'sixteen bytes or more';

async function excess(records: RecordMap, edits: Edit[], share?: number): Promise<string[]> {
  const plans = await planStep(records, editRecords(records, edits), { hashSecret: SECRET });
  return excessOf(plans, share).map(({ vip, kind }) => `${vip} ${kind}`);
}

const pool = (count: number, fields: Partial<Backend> = {}): RecordMap =>
  recordsOf(web, ...backendsOf(WEB, count, fields));
const backend = (n: number): string => `${WEB}/10.0.1.${n}`;

Limits('draining one of two, or adding a second, is no excess by default; of three, two are', async () => {
  assert.equal(await excess(pool(2), [{ set: backend(1), state: 'draining' }]), []);
  assert.equal(await excess(pool(2), [{ set: backend(2), state: 'draining' }]), []);
  assert.equal(await excess(pool(1), [{ put: { vip: WEB, address: '10.0.1.2' } }]), []);
  const two: Edit[] = [
    { set: backend(1), state: 'draining' },
    { set: backend(2), state: 'draining' },
  ];
  assert.equal(await excess(pool(3), two), [`${WEB} moved`]);
  assert.equal(await excess(pool(3), two, 0.7), []);
});

Limits('the share that may move counts to the slot', async () => {
  const records = pool(4);
  const edits: Edit[] = [{ set: backend(1), state: 'down' }];
  const [plan] = await planStep(records, editRecords(records, edits), { hashSecret: SECRET });
  const { slotsMoved, slotCount } = plan ?? { slotsMoved: 0, slotCount: 1 };
  assert.ok(slotsMoved > slotCount / 4 && slotsMoved < slotCount / 2, `${slotsMoved}`);
  assert.equal(await excess(records, edits, (slotsMoved - 0.5) / slotCount), []);
  assert.equal(await excess(records, edits, (slotsMoved - 1.5) / slotCount), [`${WEB} moved`]);
});

Limits('the last active backend may not go, whatever of it is left', async () => {
  assert.equal(await excess(pool(1), [{ set: backend(1), state: 'draining' }]), [`${WEB} panic`]);
  assert.equal(await excess(pool(1), [{ set: backend(1), weight: 0 }]), [`${WEB} panic`]);
  assert.equal(await excess(pool(1), [{ set: backend(1), state: 'down' }]), [`${WEB} panic`]);
  assert.equal(await excess(pool(1), [{ remove: backend(1) }]), [`${WEB} emptied`]);
  assert.equal(await excess(pool(1), [{ remove: WEB }]), [`${WEB} removed`]);
});

Limits('who has nothing loses nothing', async () => {
  assert.equal(await excess(recordsOf(web), [{ remove: WEB }]), []);
  assert.equal(
    await excess(
      recordsOf(web),
      backendsOf(WEB, 9).map((put) => ({ put })),
    ),
    [],
  );
  assert.equal(await excess(new Map(), [{ put: web }, ...backendsOf(WEB, 3).map((put) => ({ put }))]), []);
  // A panic that is there already is no news.
  const drained = pool(2, { state: 'draining' });
  assert.equal(await excess(drained, [{ set: backend(1), weight: 1 }]), []);
});

Limits('a VIP that comes after its backends is planned with them', async () => {
  const records = recordsOf(...backendsOf(WEB, 2));
  const plans = await planStep(records, editRecords(records, [{ put: web }]), {});
  assert.equal(
    plans.map(({ vip, change, backends }) => ({
      vip,
      change,
      slots: backends.reduce((sum, row) => sum + row.slotsAfter, 0),
    })),
    [{ vip: WEB, change: 'added', slots: 65_537 }],
  );
});

Limits('plans in pieces are those of all records in one hot path', async () => {
  const size = 65_537;
  const count = 90; // more than one piece takes
  const vips = Array.from(
    { length: count },
    (_, i): Vip => ({ address: `192.0.2.${i + 1}`, protocol: 'tcp', port: 80 }),
  );
  const keys = vips.map(({ address }) => `tcp/${address}:80`);
  const backends = keys.flatMap((key) => backendsOf(key, 3));
  const records = recordsOf(...vips, ...backends);
  const edits = keys.map((key, i): Edit => ({ set: `${key}/10.0.1.${1 + (i % 3)}`, weight: 2 + i }));
  const differences = editRecords(records, edits);
  const plans = await planStep(records, differences, { hashSecret: SECRET });

  const whole = await createHotPath({ hashSecret: SECRET, tablesMiB: 64 });
  await whole.apply([...vips, ...backends].map((put) => ({ put }) as Change));
  const expected = whole.plan(differences.map(changeOfDifference));
  assert.equal(expected.length, count);
  assert.equal(
    plans.map(({ panicBefore, ...plan }) => plan),
    expected,
  );
  assert.ok(plans.every(({ slotCount }) => slotCount === size));
});

Limits.run();
