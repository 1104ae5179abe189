// Balancers that report to a status topic, read back: over librdkafka's in-process cluster.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { agreementOf } from '../../host/fleet/agreement.js';
import { followFleet, readFleet } from '../../host/fleet/fleetTopic.js';
import { type Reporter, type ReportOptions, reportStatus } from '../../host/fleet/reporter.js';
import type { FleetView } from '../../host/fleet/view.js';
import { startEmbeddedBroker } from '../../host/membership/sources/embeddedBroker.js';
import { loadKafka } from '../../host/membership/sources/kafkaClient.js';
import { until } from '../live/support/until.js';
import { bounded } from '../membership/support.js';
import { casesThatNeed } from '../support/optional.js';
import { backend, PaperBalancer, vip, WEB } from './support.js';

const Report = suite('fleet/reporter');
const kafkaTest = await casesThatNeed(loadKafka(), Report);
const STATUS_TOPIC = 'balancer-status';
const FAST = { 'fetch.wait.max.ms': 10 };

interface Setting {
  report(paper: PaperBalancer, options?: Partial<ReportOptions>): Reporter;
  read(): Promise<FleetView>;
  signal: AbortSignal;
  brokers: string[];
}

function withTopic(body: (setting: Setting) => Promise<void>) {
  return bounded(30_000, async (signal) => {
    const broker = await startEmbeddedBroker({ topics: [STATUS_TOPIC] });
    const common = { brokers: broker.brokers, librdkafka: FAST };
    const reporters: Reporter[] = [];
    try {
      await body({
        report: (paper, options = {}) => {
          const reporter = reportStatus(paper, { ...common, statusTopic: STATUS_TOPIC, everyMs: 500, ...options });
          reporters.push(reporter);
          return reporter;
        },
        read: () => readFleet({ ...common, topic: STATUS_TOPIC }),
        signal,
        brokers: broker.brokers,
      });
    } finally {
      await Promise.all(reporters.map((reporter) => reporter.close()));
      await broker.close();
    }
  });
}

const ids = ({ balancers }: FleetView): string[] => balancers.map(({ id }) => id);

kafkaTest(
  'reports at once after a publication and every so often, and takes back what it said when it stops',
  withTopic(async ({ report, read, signal, brokers }) => {
    const papers = [new PaperBalancer(), new PaperBalancer()];
    const records = [vip(), backend(9), backend(10)];
    for (const paper of papers) await paper.read(records);
    const [first, second] = papers.map((paper, i) => report(paper, { id: `lb${i + 1}`, everyMs: 60_000 })) as [
      Reporter,
      Reporter,
    ];
    const stop = new AbortController();
    signal.addEventListener('abort', () => stop.abort());
    const views: FleetView[] = [];
    const following = (async () => {
      for await (const { view } of followFleet({ brokers, topic: STATUS_TOPIC, librdkafka: FAST }, stop.signal))
        views.push(view);
    })();
    const verdict = () => {
      const view = views.at(-1);
      return view && { ids: ids(view).join(), verdict: agreementOf(view, { nowMs: Date.now() }).verdict };
    };
    const saysSoon = (what: string) => until(what, () => JSON.stringify(verdict()) === what, 5000);
    await saysSoon('{"ids":"lb1,lb2","verdict":"agree"}');

    // Every minute only: what comes now comes because of the publication.
    await papers[0]?.read([backend(10, { weight: 2 })]);
    await saysSoon('{"ids":"lb1,lb2","verdict":"lag"}');
    await papers[1]?.read([backend(10, { weight: 2 })]);
    await saysSoon('{"ids":"lb1,lb2","verdict":"agree"}');
    assert.equal(views.at(-1)?.balancers[1]?.tables.get(WEB)?.backends, [
      { address: '10.0.1.9', weight: 1 },
      { address: '10.0.1.10', weight: 2 },
    ]);

    await papers[0]?.read([{ remove: WEB }]);
    await until('its table to be taken back', () => views.at(-1)?.balancers[0]?.tables.size === 0);
    await second.close();
    assert.equal(ids(await read()), ['lb1']);
    assert.is(first.problem, undefined);
    await first.close();
    assert.equal((await read()).balancers, []);
    stop.abort();
    await following;
  }),
);

kafkaTest(
  'a topic that is not there is a problem with a name, and disturbs nobody',
  withTopic(async ({ report }) => {
    const paper = new PaperBalancer();
    const warnings: string[] = [];
    const log = (_: object, message: string) => void warnings.push(message);
    const logger = { debug: log, info: log, warn: log, error: log };
    const reporter = report(paper, { statusTopic: 'nobody-made-it', logger, librdkafka: FAST });
    assert.match(reporter.id, /\.eth0$/);
    await until('it to be said', () => reporter.problem !== undefined, 10_000);
    assert.match(reporter.problem ?? '', /topic nobody-made-it/);
    await until('a second try', () => warnings.length > 0, 10_000);
    assert.match(warnings[0] ?? '', /^no report to the fleet: .*; forwarding goes on$/);
    await paper.read([vip()]);
    await reporter.close();
    assert.is(warnings.length, 1);
  }),
);

kafkaTest(
  'brokers that are not there: closing takes no longer than it must',
  bounded(15_000, async () => {
    const reporter = reportStatus(new PaperBalancer(), {
      brokers: ['127.0.0.1:1'],
      statusTopic: STATUS_TOPIC,
      id: 'lb1',
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const start = performance.now();
    await reporter.close();
    assert.ok(performance.now() - start < 2500, 'two seconds at most');
  }),
);

Report('options that cannot be are refused', () => {
  const reporting = (options: Partial<ReportOptions>) => () =>
    reportStatus(new PaperBalancer(), { brokers: ['127.0.0.1:1'], statusTopic: STATUS_TOPIC, ...options });
  assert.throws(reporting({ everyMs: 10 }), /everyMs 10 must be an integer of 500\.\.60000/);
  assert.throws(reporting({ id: 'a b' }), /id "a b" expected/);
  assert.throws(reporting({ statusTopic: 'a b' }), /topic "a b" must be a name/);
});

Report.run();
