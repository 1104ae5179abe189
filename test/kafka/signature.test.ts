// An old signed record, published again where compaction takes the newer one away: what each balancer can know, and what none can.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { formatRefusal } from '../../host/membership/refusal.js';
import {
  createPublisher,
  createSigner,
  type KafkaSourceOptions,
  kafkaSource,
} from '../../host/membership/sources/kafka.js';
import { changesTold, Listener } from '../membership/support.js';
import { kafkaSuite } from './support/suite.js';

const test = await kafkaSuite('kafka/signature');

const WEB = 'tcp/192.0.2.80:80';
const VIP = { key: WEB, value: '{"v":1,"address":"192.0.2.80","protocol":"tcp","port":80}' };
const entry = (host: number, weight: number) => ({
  key: `${WEB}/10.0.1.${host}`,
  value: JSON.stringify({ v: 1, vip: WEB, address: `10.0.1.${host}`, weight }),
});
/** Weight of 10.0.1.9 as a balancer was told last. */
const weightIn = (listener: Listener): number | undefined => {
  const puts = changesTold(listener).flatMap((change) => ('put' in change ? [change.put] : []));
  const last = puts.findLast(({ address }) => address === '10.0.1.9');
  return last && 'weight' in last ? last.weight : undefined;
};
const refusalsIn = (listener: Listener): string[] =>
  listener.events.flatMap((event) => (event.type === 'refused' ? [formatRefusal(event.refusal)] : []));

test(
  'refused by who saw the newer one or has a snapshot, and with maxDelayMs by who knows nothing',
  { needs: ['topics'], limitMs: 90_000 },
  async (kafka, signal) => {
    const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-signature-'));
    const { brokers } = kafka;
    const topic = await kafka.createTopic('signature', {
      config: {
        'message.timestamp.type': 'LogAppendTime',
        'segment.ms': '500',
        'min.cleanable.dirty.ratio': '0.01',
        'min.compaction.lag.ms': '0',
        'max.compaction.lag.ms': '500',
      },
    });
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const signer = createSigner({ keyId: 'ops-1', privateKey });
    const honest = await createPublisher({ brokers, topic, signer });
    const hostile = await createPublisher({ brokers, topic });
    const snapshot = join(folder, 'members');
    const listeners: Listener[] = [];
    const listen = (options: Partial<KafkaSourceOptions> = {}): Listener => {
      const source = kafkaSource({ brokers, topic, verifyKeys: [{ id: 'ops-1', publicKey }], ...options });
      const listener = new Listener(source, signal);
      listeners.push(listener);
      return listener;
    };
    try {
      const { key } = entry(9, 1);
      const old = { key, value: signer.sign({ topic, key, value: entry(9, 1).value }) };
      await hostile.publish([old]); // as good as any then
      await honest.publish([VIP, entry(9, 2)]);
      const fleet = listen({ snapshot });
      await fleet.next('caughtUp');
      assert.is(weightIn(fleet), 2);
      await sleep(1500);
      await hostile.publish([old]);
      const { refusal } = await fleet.next('refused');
      assert.match(
        formatRefusal(refusal),
        /seq \d+ is older than what this record has said: published again for backend 10\.0\.1\.9/,
      );
      await fleet.end(); // it writes its snapshot

      // Segments of half a second: all but the last are cleaned, until only the old one is left.
      for (let isThere = true; isThere; ) {
        await honest.publish([entry(10, 1)]);
        await sleep(600);
        const reader = listen();
        await reader.next('caughtUp');
        isThere = weightIn(reader) === 2;
        await reader.end();
      }
      const ignorant = listen();
      await ignorant.next('caughtUp');
      assert.is(weightIn(ignorant), 1); // there is nothing in the log that says otherwise
      const careful = listen({ maxDelayMs: 1000 });
      await careful.next('caughtUp');
      assert.is(weightIn(careful), undefined);
      assert.match(
        refusalsIn(careful).join('\n'),
        /expected at most 1000 ms before its message, which came \d+ ms later; event ignored/,
      );
      const restarted = listen({ snapshot });
      await restarted.next('caughtUp');
      assert.is(weightIn(restarted), 2);
    } finally {
      for (const listener of listeners) await listener.end().catch(() => {});
      await honest.close();
      await hostile.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
);

test.run();
