// What the demo excuses and what it does not: a demo that cannot fail proves nothing. Times here are ms from 0.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatTable, percentiles } from '../../host/demo/figures.js';
import type { ConnectionReport } from '../../host/demo/programs/httpClient.js';
import { balancerShare, checkPromises, isExcused, lossesOf } from '../../host/demo/promises.js';
import type { BulkRun, DemoRun } from '../../host/demo/run.js';

const KILLED_AT = 1000;
const DOWN_AT = 3000;

function connection(fields: Partial<ConnectionReport>): ConnectionReport {
  return {
    ...{ type: 'connection', client: '10.0.0.101 11000', openedAt: 500, endedAt: 2000, backends: [] },
    ...{ requests: 0, bytes: 0, latenciesMs: [], failure: 'read ECONNRESET' },
    ...fields,
  };
}

const BULK: BulkRun = {
  ...{ downloads: [], probes: [], seconds: 1, bodyBytes: 300_000_000, clientRxBytes: 300_000_000 },
  ...{ boxRxBytes: 1_500_000, boxTxBytes: 1_500_000, cpuSeconds: 0.1 },
};

function run(fields: Partial<DemoRun> = {}): DemoRun {
  return {
    ...{ mode: 'root', membership: 'file', tracking: 'changed', family: 4, startedAt: 0, phases: [] },
    ...{ killedAt: KILLED_AT, downAppliedAt: DOWN_AT, web: [], keepAlive: [], streams: [], acceptedBy: new Map() },
    ...{
      gaming: [],
      gamingDirect: [],
      bulk: BULK,
      bulkProxy: BULK,
      drainedAt: undefined,
      slotsMoved: [],
      verdicts: {},
    },
    balancerExit: 0,
    ...fields,
  };
}

const Excuses = suite('demo/promises: failures that are excused');

const CASES: [string, Partial<ConnectionReport>, boolean][] = [
  ['answered by the killed backend', { backends: ['backend2'] }, true],
  ['answered by a living backend', { backends: ['backend3'] }, false],
  ['opened after "down" was applied', { backends: ['backend2'], openedAt: DOWN_AT, endedAt: 4000 }, false],
  ['accepted by nobody, over after the death', {}, true],
  ['accepted by nobody, over before the death', { endedAt: KILLED_AT - 1 }, false],
  ['accepted by a living backend, answered by none', { client: '10.0.0.102 11000' }, false],
];
for (const [what, fields, isExpected] of CASES) {
  Excuses(`${what}: ${isExpected ? 'excused' : 'not excused'}`, () => {
    const acceptedBy = new Map([['10.0.0.102 11000', 'backend3']]);
    assert.is(isExcused(run({ acceptedBy }), connection(fields)), isExpected);
  });
}

Excuses('a packet lost on the killed backend counts but for the outage', () => {
  const player = { sent: 5, received: 1, backends: [{ name: 'backend2', sinceMs: 0 }], rttsMs: [1] };
  const lostAt = [500, 1000, 2999, 3500];
  assert.is(lossesOf(run(), { ...player, lostAt }), 2);
  assert.is(lossesOf(run(), { ...player, lostAt, backends: [{ name: 'backend3', sinceMs: 0 }] }), 4);
});
Excuses.run();

const Dsr = suite('demo/promises: bytes through the balancer');

function dsrPromise(bulk: Partial<BulkRun>): boolean | undefined {
  const promises = checkPromises(run({ bulk: { ...BULK, ...bulk } }));
  return promises.find(({ text }) => text.startsWith('answers do not cross the balancer'))?.isHeld;
}

Dsr('1 % in and out is held, 5 % is not, 0 is not', () => {
  assert.is(balancerShare(BULK), 0.01);
  assert.is(dsrPromise({}), true);
  assert.is(dsrPromise({ boxRxBytes: 7_500_000, boxTxBytes: 7_500_000 }), false);
  assert.is(dsrPromise({ boxRxBytes: 0, boxTxBytes: 0 }), false);
});
Dsr.run();

const Figures = suite('demo/figures');

Figures('percentiles by nearest rank', () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  assert.equal(percentiles(values), { count: 200, p50: 100, p90: 180, p99: 198, max: 200 });
  assert.equal(percentiles([]), { count: 0, p50: 0, p90: 0, p99: 0, max: 0 });
});

Figures('a table has its first column flush left, the others flush right', () => {
  assert.equal(
    formatTable([
      ['', 'slots'],
      ['backend1', '7'],
    ]),
    ['           slots', 'backend1       7'],
  );
});
Figures.run();
