// The publisher of membership over the embedded cluster: edits, limits, what others write meanwhile, errors, back-pressure.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startEmbeddedBroker } from '../../host/membership/sources/embeddedBroker.js';
import { loadKafka } from '../../host/membership/sources/kafkaClient.js';
import { createPublisher } from '../../host/membership/sources/publisher.js';
import {
  createMembershipPublisher,
  type MembershipPublisher,
  type MembershipPublisherOptions,
  type StepOutcome,
} from '../../host/publishing/membershipPublisher.js';
import { TopicView } from '../../host/publishing/topicView.js';
import { bounded } from '../membership/support.js';
import { casesThatNeed } from '../support/optional.js';
import { rejection } from '../support/rejection.js';
import { backendsOf, recordsOf } from './support.js';

const Publishing = suite('publishing/membershipPublisher');
const kafkaTest = await casesThatNeed(loadKafka(), Publishing);

const TOPIC = 'balancer-members';
const WEB = 'tcp/192.0.2.80:80';
const web = { address: '192.0.2.80', protocol: 'tcp', port: 80 } as const;
const LIMIT_MS = 30_000;

interface Scene {
  options: MembershipPublisherOptions;
  publisher: MembershipPublisher;
  /** What the topic says, as somebody else reads it: value by key. */
  told(): Promise<Map<string, object>>;
}

function withPublisher(body: (scene: Scene) => Promise<void>, more: Partial<MembershipPublisherOptions> = {}) {
  return bounded(LIMIT_MS, async () => {
    const broker = await startEmbeddedBroker({ topics: [TOPIC] });
    const librdkafka = { 'fetch.wait.max.ms': 10 };
    const options = { brokers: broker.brokers, topic: TOPIC, librdkafka, timeoutMs: 10_000, ...more };
    const publisher = await createMembershipPublisher(options);
    const told = async (): Promise<Map<string, object>> => {
      const view = await TopicView.open(options, 10_000);
      await view.close();
      const { records } = view.content;
      return new Map(
        [...records].map(([key, { step }]) => [
          key,
          step.kind === 'vip' ? step.vip : step.kind === 'backend' ? step.backend : {},
        ]),
      );
    };
    try {
      await body({ options, publisher, told });
    } finally {
      await publisher.close();
      await broker.close();
    }
  });
}

kafkaTest(
  'edits become whole records, and what is so already is not written again',
  withPublisher(async ({ publisher, told }) => {
    const puts = [web, ...backendsOf(WEB, 3)].map((put) => ({ put }));
    const first = await publisher.publish(puts);
    assert.equal([first.differences.length, first.isPublished, first.overwritten], [4, true, []]);
    const again = await publisher.publish(puts);
    assert.equal([again.differences.length, again.isPublished], [0, false]);

    await publisher.publish(
      [
        { set: `${WEB}/10.0.1.1`, state: 'draining' },
        { set: `${WEB}/10.0.1.2`, weight: 4 },
      ],
      {
        force: true,
      },
    );
    await publisher.publish([{ remove: `${WEB}/10.0.1.3` }], { force: true });
    assert.equal(
      await told(),
      new Map<string, object>([
        [WEB, web],
        [`${WEB}/10.0.1.1`, { vip: WEB, address: '10.0.1.1', state: 'draining' }],
        [`${WEB}/10.0.1.2`, { vip: WEB, address: '10.0.1.2', weight: 4 }],
      ]),
    );
    assert.equal([...publisher.records.keys()].sort(), [WEB, `${WEB}/10.0.1.1`, `${WEB}/10.0.1.2`]);
  }),
);

kafkaTest(
  'a step that is too large is planned and refused, and nothing of it is written, until it is forced',
  withPublisher(async ({ publisher, told }) => {
    await publisher.publish([web, ...backendsOf(WEB, 3)].map((put) => ({ put })));
    const before = await told();
    const drainAll = [1, 2, 3].map((n) => ({ set: `${WEB}/10.0.1.${n}`, state: 'draining' as const }));
    let planned: StepOutcome | undefined;
    const error = await rejection(
      publisher.publish(drainAll, {
        onPlanned: (outcome) => {
          planned = outcome;
        },
      }),
    );
    assert.equal([error.code, error.option], ['ERR_LIMIT', 'moveShareMax']);
    assert.is(
      error.message,
      `${WEB}: no active backend is left: those that drain would count as active again\nnothing was published; a larger step wants \`force\``,
    );
    assert.equal([planned?.plans.length, planned?.excess.map(({ kind }) => kind)], [1, ['panic']]);
    assert.equal(await told(), before);
    assert.is((await publisher.publish(drainAll, { dryRun: true })).isPublished, false);
    assert.equal(await told(), before);
    assert.is((await publisher.publish(drainAll, { force: true })).isPublished, true);
    assert.is((await told()).size, 4);
  }),
);

kafkaTest(
  'is built on what others write, and says when they wrote behind it',
  withPublisher(async ({ publisher, options }) => {
    await publisher.publish([web, ...backendsOf(WEB, 2)].map((put) => ({ put })));
    const other = await createPublisher(options);
    const key = `${WEB}/10.0.1.1`;
    const theirs = (extra: object) => JSON.stringify({ v: 1, vip: WEB, address: '10.0.1.1', ...extra });
    await other.publish([{ key, value: theirs({ weight: 2, rack: 'r4' }) }]);
    while (!JSON.stringify(publisher.records.get(key)).includes('r4')) await new Promise((r) => setTimeout(r, 20));
    const { differences } = await publisher.publish([{ set: key, weight: 3 }]);
    assert.equal(
      differences.map(({ after }) => after?.kind === 'backend' && after.backend),
      [{ weight: 3, rack: 'r4', vip: WEB, address: '10.0.1.1' }],
    );

    // Somebody writes between our plan and our message; and somebody right behind it.
    const outcomes = await Promise.all([
      publisher.publish([{ set: key, weight: 5 }]),
      publisher.publish([{ set: key, weight: 6 }]),
    ]);
    assert.equal(
      outcomes.map(({ overwritten }) => overwritten),
      [[], []],
    );
    await other.close();
  }),
);

kafkaTest(
  'a key of another scope is not taken from it',
  withPublisher(async ({ publisher, options }) => {
    const other = await createPublisher(options);
    const value = JSON.stringify({ v: 1, scope: 'core', vip: WEB, address: '10.0.1.1' });
    await other.publish([{ key: `${WEB}/10.0.1.1`, value }]);
    await other.close();
    const edge = await createMembershipPublisher({ ...options, scope: 'edge' });
    const error = await rejection(edge.publish(backendsOf(WEB, 1).map((put) => ({ put }))));
    assert.is(error.message, `${WEB}/10.0.1.1 is a record of scope "core": one key is one record`);
    await edge.close();
    assert.is(publisher.records.has(`${WEB}/10.0.1.1`), false);
  }),
);

kafkaTest(
  'declare makes the topic say what the records say',
  withPublisher(async ({ publisher, told }) => {
    await publisher.declare(recordsOf(web, ...backendsOf(WEB, 3)));
    await publisher.declare(recordsOf(web, ...backendsOf(WEB, 2), ...backendsOf(WEB, 1, {}, 2)));
    assert.equal([...(await told()).keys()].sort(), [WEB, `${WEB}/10.0.1.1`, `${WEB}/10.0.1.2`, `${WEB}/10.0.2.1`]);
  }),
);

kafkaTest(
  'no more steps wait than there is room for; ready() tells when there is',
  withPublisher(
    async ({ publisher }) => {
      const steps = [1, 2, 3].map((weight) =>
        publisher.publish([{ put: web }, { put: { vip: WEB, address: '10.0.1.1', weight } }]),
      );
      const error = await rejection(steps[2] as Promise<unknown>);
      assert.equal([error.code, error.option], ['ERR_LIMIT', 'waitingMax']);
      await publisher.ready();
      await publisher.publish([{ set: `${WEB}/10.0.1.1`, weight: 9 }]);
      await Promise.all(steps.slice(0, 2));
      const record = publisher.records.get(`${WEB}/10.0.1.1`);
      assert.is(record?.kind === 'backend' && record.backend.weight, 9);
    },
    { waitingMax: 2 },
  ),
);

kafkaTest(
  'records that brokers do not acknowledge are named',
  bounded(LIMIT_MS, async () => {
    const broker = await startEmbeddedBroker({ topics: [TOPIC] });
    const publisher = await createMembershipPublisher({ brokers: broker.brokers, topic: TOPIC, timeoutMs: 3000 });
    await publisher.publish([{ put: web }]);
    await broker.close();
    const error = await rejection(publisher.publish(backendsOf(WEB, 1).map((put) => ({ put }))));
    assert.is(error.code, 'ERR_BROKER');
    assert.match(error.message, /^publish tcp\/192\.0\.2\.80:80\/10\.0\.1\.1 to topic balancer-members on /);
    await publisher.close();
    assert.is((await rejection(publisher.publish([{ put: web }]))).code, 'ERR_CLOSED');
  }),
);

Publishing('options that cannot be are named before a broker is asked', async () => {
  const options = { brokers: ['127.0.0.1:1'], topic: TOPIC };
  const option = async (more: object) => (await rejection(createMembershipPublisher({ ...options, ...more }))).option;
  assert.is(await option({ moveShareMax: 1.5 }), 'moveShareMax');
  assert.is(await option({ waitingMax: 0 }), 'waitingMax');
  assert.is(await option({ scope: '' }), 'scope');
});

Publishing.run();
