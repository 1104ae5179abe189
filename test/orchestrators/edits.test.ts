// From endpoints and what a topic says to what is written: ownership, what others set, graces.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Backend, Vip } from '../../host/membership/event.js';
import { type Ownership, stepFor, type VipTarget } from '../../host/orchestrators/edits.js';
import type { Endpoint } from '../../host/orchestrators/endpoints.js';
import { editRecords } from '../../host/publishing/edit.js';
import { recordsOf } from '../publishing/support.js';
import { PaperPublisher, WEB } from './support.js';

const Edits = suite('orchestrators/edits');
const OWN: Ownership = { by: 'cluster-a', graceMs: 1000 };
const TARGET: VipTarget = { vip: WEB, encap: { type: 'ipip' } };
const active = (last: number): Endpoint => ({ address: `10.0.1.${last}`, state: 'active' });
const web: Vip = { address: '192.0.2.80', protocol: 'tcp', port: 80 };
const other = (fields: object): Backend => ({ vip: WEB, address: '10.0.1.9', ...fields }) as Backend;

/** A topic that is brought in step time after time. */
class Topic extends PaperPublisher {
  step(endpoints: Endpoint[], nowMs: number, target = TARGET, own = OWN) {
    const step = stepFor(this.records, target, endpoints, own, nowMs);
    for (const { key, after } of editRecords(this.records, step.edits)) {
      if (after === undefined) this.records.delete(key);
      else this.records.set(key, after);
    }
    return step;
  }

  field(key: string): object | undefined {
    const record = this.records.get(key);
    return record?.kind === 'vip' ? record.vip : record?.backend;
  }
}

Edits('a new VIP and its backends are whole records with our mark; asked again, nothing is to be done', () => {
  const topic = new Topic();
  assert.is(topic.step([active(9), { address: '10.0.1.10', state: 'draining', weight: 5 }], 100).edits.length, 3);
  assert.equal(topic.field(WEB), { ...web, encap: { type: 'ipip' }, managed: { by: 'cluster-a' } });
  assert.equal(topic.field(`${WEB}/10.0.1.9`), {
    ...{ vip: WEB, address: '10.0.1.9' },
    managed: { by: 'cluster-a', state: 'active', weight: 1 },
  });
  assert.equal(topic.field(`${WEB}/10.0.1.10`), {
    ...{ vip: WEB, address: '10.0.1.10', weight: 5, state: 'draining' },
    managed: { by: 'cluster-a', state: 'draining', weight: 5, drainingSince: 100 },
  });
  assert.equal(topic.step([active(9), { address: '10.0.1.10', state: 'draining', weight: 5 }], 900).edits, []);
});

Edits('what is gone drains for the grace, counted from its first draining, and a restart does not change that', () => {
  const topic = new Topic();
  topic.step([active(9), active(10)], 0);
  topic.step([active(9), { address: '10.0.1.10', state: 'draining' }], 500);
  assert.equal(topic.step([active(9)], 900), { edits: [], dueAtMs: 1500, foreign: [] });
  assert.is(new Topic(topic.records).step([active(9)], 1499).edits.length, 0); // another process, the same records
  assert.equal(topic.step([active(9)], 1500), {
    edits: [{ remove: `${WEB}/10.0.1.10` }],
    dueAtMs: undefined,
    foreign: [],
  });

  topic.step([], 2000);
  assert.equal(topic.states, ['10.0.1.9 draining']);
  topic.step([active(9)], 2500); // it is back within the grace
  assert.equal(topic.field(`${WEB}/10.0.1.9`), {
    ...{ vip: WEB, address: '10.0.1.9' },
    managed: { by: 'cluster-a', state: 'active', weight: 1 },
  });
  assert.is(topic.step([], 3000, TARGET, { ...OWN, graceMs: 0 }).edits.length, 1);
  assert.is(topic.records.size, 1);
});

Edits('records of others, and those of another publisher under the same VIP, are left alone', () => {
  const theirs = [
    other({ weight: 7 }),
    other({ address: '10.0.1.10', managed: { by: 'cluster-b', state: 'active', weight: 1 } }),
  ];
  const topic = new Topic(recordsOf(web, ...theirs, { vip: 'tcp/192.0.2.81:80', address: '10.0.1.9' }));
  assert.equal(topic.step([active(9)], 0), { edits: [], dueAtMs: undefined, foreign: ['10.0.1.9'] });
  assert.equal(topic.step([], 0).edits, []);
});

Edits('what an operator sets stays until the endpoint says something new', () => {
  const topic = new Topic();
  topic.step([active(9), active(10)], 0);
  const key = `${WEB}/10.0.1.9`;
  const set = (fields: object): void => {
    for (const { after } of editRecords(topic.records, [{ set: key, ...fields }])) {
      if (after !== undefined) topic.records.set(key, after);
    }
  };
  set({ state: 'draining', weight: 9 });
  assert.equal(topic.step([active(9), active(10)], 100).edits, []);
  topic.step([{ address: '10.0.1.9', state: 'down' }, active(10)], 200);
  assert.equal(topic.states, ['10.0.1.10 active', '10.0.1.9 down weight 9']);
  topic.step([active(9), active(10)], 300);
  assert.equal(topic.states, ['10.0.1.10 active', '10.0.1.9 active weight 9']);
  set({ state: 'down' });
  topic.step([active(10)], 400); // gone: it does not come to life for its grace
  assert.equal(topic.states, ['10.0.1.10 active', '10.0.1.9 down weight 9']);
  topic.step([active(10)], 1400);
  assert.equal(topic.states, ['10.0.1.10 active']);
});

Edits('a VIP record of ours follows the configuration, one of somebody else does not', () => {
  const topic = new Topic();
  topic.step([active(9)], 0);
  topic.step([active(9)], 0, { vip: WEB, encap: { type: 'gre' } });
  assert.equal((topic.field(WEB) as Vip).encap, { type: 'gre' });
  const foreign = new Topic(recordsOf(web));
  foreign.step([active(9)], 0);
  assert.equal(foreign.field(WEB), web);
});

Edits.run();
