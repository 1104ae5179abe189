// Records of a status topic, the view they amount to, and what is said of it: who agrees, lags, differs, is silent.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AgreementOptions, agreementOf } from '../../host/fleet/agreement.js';
import { balancerId } from '../../host/fleet/identity.js';
import { type Identity, reportOf } from '../../host/fleet/records.js';
import { readStatusMessage, STATUS_BACKENDS_MAX, statusKey } from '../../host/fleet/statusRecord.js';
import { FleetReader } from '../../host/fleet/view.js';
import type { Change } from '../../host/membership/event.js';
import { backend, PaperBalancer, TOPIC, vip, WEB } from './support.js';

const Fleet = suite('fleet/agreement');
const NOW = 1_800_000_000_000;
const DNS = 'tcp/192.0.2.53:80';

const identity = (id: string, run = `run-of-${id}`): Identity => ({
  id,
  run,
  host: 'lb',
  pid: 4711,
  version: '0.1.0',
  startedAtMs: NOW - 60_000,
  everyMs: 3000,
});

interface Told {
  key: string;
  value: string | null;
  timestampMs: number;
}

/** What a balancer would write into the topic. */
async function messages(paper: PaperBalancer, who: Identity, timestampMs = NOW): Promise<Told[]> {
  const { balancer, tables } = reportOf(who, await paper.view(), paper.status(), timestampMs);
  return [...[...tables].map(([key, value]) => ({ key, value, timestampMs })), { ...balancer, timestampMs }];
}

function readAll(...lists: Told[][]): FleetReader {
  const reader = new FleetReader();
  for (const { key, value, timestampMs } of lists.flat()) {
    reader.take({ key: Buffer.from(key), value: value === null ? null : Buffer.from(value), timestampMs });
  }
  return reader;
}

async function told(
  id: string,
  changes: Change[],
  { lost = [] as Change[], secret = undefined as string | undefined } = {},
) {
  const paper = new PaperBalancer('eth0', secret);
  await paper.read(changes, lost);
  return messages(paper, identity(id));
}

function brief(reader: FleetReader, options: Partial<AgreementOptions> = {}) {
  const { verdict, groups } = agreementOf(reader.view(), { nowMs: NOW, ...options });
  return { verdict, standings: groups.flatMap(({ balancers }) => balancers.map((b) => `${b.id} ${b.standing}`)) };
}

const RECORDS = [vip(), backend(9), backend(10), vip(53), backend(9, {}, DNS)];

Fleet('the same records, in any order: all agree', async () => {
  const one = await told('lb1', RECORDS);
  const other = await told('lb2', RECORDS.toReversed());
  assert.equal(brief(readAll(one, other)), { verdict: 'agree', standings: ['lb1 agrees', 'lb2 agrees'] });
});

Fleet('a record that one did not take: it differs from the other two, in that VIP', async () => {
  const lost = RECORDS[2] as Change;
  const reader = readAll(
    await told('lb1', RECORDS),
    await told('lb2', RECORDS, { lost: [lost] }),
    await told('lb3', RECORDS),
  );
  const { verdict, reasons, groups } = agreementOf(reader.view(), { nowMs: NOW });
  assert.is(verdict, 'differ');
  assert.equal(reasons, [`lb2 differs: ${WEB}`]);
  assert.equal(
    groups[0]?.balancers.map(({ standing, differences }) => [standing, differences]),
    [
      ['agrees', []],
      ['differs', [{ vip: WEB, kind: 'table', by: 'majority', model: 'lb1' }]],
      ['agrees', []],
    ],
  );
});

Fleet('two that differ: unclear, until the log says who is right', async () => {
  const lost = [RECORDS[3], RECORDS[4]] as Change[];
  const reader = readAll(await told('lb1', RECORDS), await told('lb2', RECORDS, { lost }));
  assert.equal(brief(reader), { verdict: 'unknown', standings: ['lb1 unclear', 'lb2 unclear'] });
  const { engine } = new PaperBalancer();
  await engine.apply(RECORDS);
  const log = { topic: TOPIC, scope: undefined, offsets: { 0: 5 } };
  const digests = new Map([...engine.vips.keys()].map((key) => [key, engine.digest(key)]));
  assert.equal(brief(reader, { logs: [{ ...log, digests }] }), {
    verdict: 'differ',
    standings: ['lb1 agrees', 'lb2 differs'],
  });
  digests.delete(DNS);
  const { groups } = agreementOf(reader.view(), { nowMs: NOW, logs: [{ ...log, digests }] });
  assert.equal(groups[0]?.balancers[0]?.differences, [{ vip: DNS, kind: 'extra', by: 'log' }]);
  assert.is(groups[0]?.balancers[1]?.standing, 'agrees');
  assert.equal(brief(reader, { logs: [{ ...log, digests, offsets: { 0: 8 } }] }).verdict, 'unknown'); // nobody has read as far
});

Fleet('who has read less lags, and is not said to differ', async () => {
  const reader = readAll(await told('lb1', RECORDS), await told('lb2', RECORDS.slice(0, 3)));
  const { verdict, reasons } = agreementOf(reader.view(), { nowMs: NOW });
  assert.equal([verdict, reasons], ['lag', ['lb2 lags: up to 2 records behind']]);
});

Fleet('who says nothing is silent, who has not caught up is starting', async () => {
  const [one, other] = [await told('lb1', RECORDS), await told('lb2', RECORDS)];
  const late = other.map((message) => ({ ...message, timestampMs: NOW - 15_001 }));
  assert.equal(brief(readAll(one, late)), { verdict: 'lag', standings: ['lb1 agrees', 'lb2 silent'] });
  assert.equal(brief(readAll(one, late), { silentMs: 15_001 }).verdict, 'agree');
  const paper = new PaperBalancer();
  paper.isReady = false;
  const starting = await messages(paper, identity('lb3'));
  assert.equal(brief(readAll(one, starting)), { verdict: 'lag', standings: ['lb1 agrees', 'lb3 starting'] });
  assert.equal(brief(readAll()), { verdict: 'unknown', standings: [] });
});

Fleet(
  'tables that are still on their way: reporting; those of an earlier run are nobody’s; a stop leaves nothing',
  async () => {
    const one = await told('lb1', RECORDS);
    assert.equal(brief(readAll(one.slice(1))), { verdict: 'lag', standings: ['lb1 reporting'] });
    const paper = new PaperBalancer();
    await paper.read(RECORDS.slice(0, 3));
    const again = await messages(paper, identity('lb1', 'second'));
    const view = readAll(one, again).view();
    assert.equal([...(view.balancers[0]?.tables.keys() ?? [])], [WEB]);
    assert.is(view.balancers[0]?.isComplete, true);
    assert.is(view.balancers[0]?.isTwofold, false);
    const both = agreementOf(readAll(one, again, one).view(), { nowMs: NOW });
    assert.equal(
      [both.verdict, both.reasons],
      ['unknown', ['two balancers report as lb1: give each an id of its own']],
    );
    const gone = one.map(({ key }) => ({ key, value: null, timestampMs: NOW }));
    assert.equal(readAll(one, gone).view().balancers, []);
  },
);

Fleet('groups: another topic or scope is another fleet', async () => {
  const paper = new PaperBalancer();
  await paper.read(RECORDS.slice(0, 1));
  const edge = await messages(paper, { ...identity('lb2'), scope: 'edge' });
  const { verdict, groups } = agreementOf(readAll(await told('lb1', RECORDS), edge).view(), { nowMs: NOW });
  assert.is(verdict, 'agree');
  assert.equal(
    groups.map(({ topic, scope, offsets }) => [topic, scope, offsets]),
    [
      [TOPIC, undefined, { 0: 5 }],
      [TOPIC, 'edge', { 0: 1 }],
    ],
  );
});

Fleet('drains are told with the table, so that all that is said belongs to one offset', async () => {
  const paper = new PaperBalancer();
  await paper.read([vip(), backend(9), backend(10, { state: 'draining' }), backend(11, { state: 'down' })]);
  const drainer = async (): Promise<unknown> => {
    const [balancer] = readAll(await messages(paper, identity('lb1'))).view().balancers;
    assert.equal([balancer?.isComplete, balancer?.record.offsets], [true, { 0: 4 }]);
    const [first, second, ...rest] = balancer?.tables.get(WEB)?.backends ?? [];
    assert.equal(first, { address: '10.0.1.9', weight: 1 });
    assert.equal(rest, [{ address: '10.0.1.11', weight: 0, state: 'down' }]);
    return second;
  };
  await paper.engine.tend();
  assert.equal(await drainer(), { address: '10.0.1.10', weight: 0, state: 'draining' });
  paper.tick += 4 * 900 * 2; // the learning window, and an idle timeout
  assert.equal(await paper.engine.tend(), [{ vip: WEB, backend: '10.0.1.10' }]);
  assert.equal(await drainer(), { address: '10.0.1.10', weight: 0, state: 'draining', isDrained: true });
});

Fleet('messages that are none are named, and change nothing', async () => {
  const [table, balancer] = (await told('lb1', RECORDS.slice(0, 2))) as [Told, Told];
  const read = (key: string, value: string | null) =>
    readStatusMessage(Buffer.from(key), value === null ? null : Buffer.from(value)) as {
      field?: string;
      rule?: string;
    };
  assert.is(read('lb1', balancer.value).field, undefined);
  assert.equal(read('lb2', balancer.value).rule, 'expected what the key names');
  assert.equal(read(statusKey('lb1', DNS), table.value).rule, 'expected what the key names');
  assert.equal(read('a b', null).field, 'key');
  assert.equal(read('lb1', '{').rule, 'expected JSON');
  assert.equal(read('lb1', '{"v":2}'), { field: 'v', value: '2', rule: 'expected 1' });
  assert.equal(
    read('lb1', JSON.stringify({ ...JSON.parse(balancer.value ?? ''), generation: -1 })).field,
    'generation',
  );
  assert.equal(read('lb1', 'x'.repeat(1_000_001)).rule, 'expected at most 1000000');
  const reader = readAll([table, balancer], [{ key: 'lb1', value: 'null', timestampMs: NOW }]);
  assert.is(reader.view().balancers.length, 1);
  assert.is(reader.view().unreadable.length, 1);
});

Fleet('a table of very many backends is told in part: what drains, what is in the table', async () => {
  const paper = new PaperBalancer();
  const down = Array.from({ length: STATUS_BACKENDS_MAX + 5 }, (_, i) => ({
    put: { vip: WEB, address: `10.9.${i >> 8}.${i & 255}`, state: 'down' as const },
  }));
  const view = await paper.view();
  const table = {
    vip: WEB,
    slotCount: 7,
    hash: 'native',
    hashOn: '5-tuple',
    digest: 'a'.repeat(64),
    parts: '',
  } as const;
  const backends = [...down.map(({ put }) => put), { address: '10.10.0.1', state: 'draining' as const }];
  const full = backends.map(({ address, state }) => ({
    address,
    state,
    weight: 0,
    step: undefined,
    slots: 0,
    encap: 'l2',
    isDrained: false,
  }));
  const { tables } = reportOf(identity('lb1'), { ...view, vips: [{ ...table, backends: full }] }, paper.status(), NOW);
  const record = JSON.parse(tables.get(statusKey('lb1', WEB)) ?? '');
  assert.is(record.backends.length, STATUS_BACKENDS_MAX);
  assert.is(record.backendsOmitted, 6);
  assert.equal(record.backends.at(-1), { address: '10.10.0.1', weight: 0, state: 'draining' });
});

Fleet('a name: host and interfaces, or what is given', () => {
  assert.match(balancerId(undefined, ['eth0', 'eth1.100']), /^[^ ]+\.eth0\+eth1\.100$/);
  assert.is(balancerId('edge-7', []), 'edge-7');
  assert.throws(() => balancerId('a/b', []), /id "a\/b" expected 1\.\.100 letters/);
});

Fleet.run();
