// The past of a topic that is compacted: what is certain, what is missing, and which keys nobody can vouch for.
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { readMoment } from '../../host/fleet/moment.js';
import { engineOf, readMoments } from '../../host/fleet/replay.js';
import { createPublisher } from '../../host/membership/sources/kafka.js';
import { readEnds } from '../../host/membership/sources/kafkaEnds.js';
import { SECRET, WEB } from '../fleet/support.js';
import { kafkaSuite } from './support/suite.js';

const test = await kafkaSuite('kafka/replay');
const VIP = { key: WEB, value: '{"v":1,"address":"192.0.2.80","protocol":"tcp","port":80,"tableSize":4099}' };
const entry = (last: number, weight: number) => ({
  key: `${WEB}/10.0.1.${last}`,
  value: JSON.stringify({ v: 1, vip: WEB, address: `10.0.1.${last}`, weight }),
});
/** Segments that are closed, and compacted, as soon as Kafka looks. */
const SOON = {
  'segment.ms': '500',
  'min.cleanable.dirty.ratio': '0.01',
  'min.compaction.lag.ms': '0',
  'max.compaction.lag.ms': '500',
};
const COMPACTED_MS_MAX = 60_000;

test('before compaction the past is certain; afterwards it is said what is missing', {
  needs: ['topics'],
  limitMs: 120_000,
}, async (kafka) => {
  const { brokers } = kafka;
  const topic = await kafka.createTopic('replay', { config: SOON });
  const options = { brokers, topic };
  const publisher = await createPublisher(options);
  await publisher.publish([VIP, entry(9, 1), entry(10, 1)]);
  assert.equal(await readEnds(options, 5000), { 0: 3 });
  await sleep(50);
  const atMs = Date.now();
  await sleep(50);
  await publisher.publish([entry(9, 5)]);

  const moments = [readMoment('0:3'), readMoment(new Date(atMs).toISOString())];
  const [byOffset, byTime] = await readMoments(options, moments, 10_000);
  assert.equal([byOffset?.missing, byOffset?.position.offsets], [0, { 0: 3 }]);
  assert.equal([...(byTime?.records ?? [])], [...(byOffset?.records ?? [])]);
  const engine = await engineOf(byOffset?.records ?? new Map(), { hashSecret: SECRET });
  assert.equal([...engine.slots(WEB).values()], [2050, 2049]);

  // Kafka compacts closed segments only: another message now and then closes them.
  for (const endMs = Date.now() + COMPACTED_MS_MAX; ; ) {
    await publisher.publish([entry(11, 1)]);
    const [past] = await readMoments(options, [readMoment('0:3')], 10_000);
    if ((past?.missing ?? 0) > 0) {
      assert.equal([past?.missing, past?.messages], [1, 2]);
      assert.equal(past?.doubtful, [entry(11, 1).key, entry(9, 1).key]);
      assert.equal([...(past?.records.keys() ?? [])], [WEB, entry(10, 1).key]);
      break;
    }
    assert.ok(Date.now() < endMs, `not compacted within ${COMPACTED_MS_MAX} ms`);
    await sleep(500);
  }
  const [now] = await readMoments(options, [readMoment('now')], 10_000);
  assert.equal([...(now?.records.keys() ?? [])].sort(), [WEB, entry(10, 1).key, entry(11, 1).key, entry(9, 1).key]);
  assert.equal(now?.position.offsets, await readEnds(options, 5000));
  await publisher.close();
});

test.run();
