import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { applyCommand } from '../../host/cli/apply.js';
import { startEmbeddedBroker } from '../../host/membership/sources/embeddedBroker.js';
import {
  createPublisher,
  createSigner,
  kafkaSource,
  type Signer,
  type VerifyKey,
} from '../../host/membership/sources/kafka.js';
import { loadKafka } from '../../host/membership/sources/kafkaClient.js';
import { applyChanges, backendsOf, EMPTY_STATE } from '../../host/membership/state.js';
import { type ApplyOptions, applyFile } from '../support/applyFile.js';
import { casesThatNeed } from '../support/optional.js';
import { bounded, changesTold, Listener } from './support.js';

const Apply = suite('cli/apply');
const kafkaTest = await casesThatNeed(loadKafka(), Apply);

const TOPIC = 'balancer-members';
const WEB = 'tcp/192.0.2.80:80';
const file = (...backends: string[]) => `vips:\n  - vip: ${WEB}\n    backends: [${backends.join(', ')}]\n`;

interface Pair {
  signer: Signer;
  key: VerifyKey;
}

type Apply = (text: string, options?: Partial<ApplyOptions>) => ReturnType<typeof applyFile>;

function withTopic(body: (apply: Apply, brokers: string[], signal: AbortSignal) => Promise<void>) {
  return bounded(20_000, async (signal) => {
    const directory = await mkdtemp(join(tmpdir(), 'maglev-dsr-apply-'));
    const broker = await startEmbeddedBroker({ topics: [TOPIC] });
    const path = join(directory, 'members.yaml');
    const librdkafka = { 'fetch.wait.max.ms': 10 };
    try {
      const apply: Apply = async (text, options = {}) => {
        await writeFile(path, text);
        return applyFile({
          file: path,
          brokers: broker.brokers,
          topic: TOPIC,
          timeoutMs: 5000,
          librdkafka,
          ...options,
        });
      };
      await body(apply, broker.brokers, signal);
    } finally {
      await broker.close();
      await rm(directory, { recursive: true, force: true });
    }
  });
}

const brief = ({ differences, unchanged, isPublished }: Awaited<ReturnType<typeof applyFile>>) => ({
  keys: differences.map(({ key, before, after }) => `${after ? (before ? '~' : '+') : '-'} ${key}`),
  unchanged,
  isPublished,
});

kafkaTest(
  'publishes what differs, and a source that follows the topic has it',
  withTopic(async (apply, brokers, signal) => {
    const listener = new Listener(
      kafkaSource({ brokers, topic: TOPIC, librdkafka: { 'fetch.wait.max.ms': 10 } }),
      signal,
    );
    await listener.next('caughtUp');
    const text = file('10.0.1.9', '{ address: 10.0.1.10, weight: 3 }');
    const keys = [`+ ${WEB}`, `+ ${WEB}/10.0.1.9`, `+ ${WEB}/10.0.1.10`];
    assert.equal(brief(await apply(text, { dryRun: true })), { keys, unchanged: 0, isPublished: false });
    assert.equal(brief(await apply(text)), { keys, unchanged: 0, isPublished: true });
    assert.equal(brief(await apply(text)), { keys: [], unchanged: 3, isPublished: false });
    const next = file('{ address: 10.0.1.10, weight: 4 }', '10.0.1.11');
    const changed = [`~ ${WEB}/10.0.1.10`, `+ ${WEB}/10.0.1.11`];
    assert.equal(brief(await apply(next, { remove: false })), { keys: changed, unchanged: 1, isPublished: true });
    assert.equal(brief(await apply(next)), { keys: [`- ${WEB}/10.0.1.9`], unchanged: 3, isPublished: true });
    while (changesTold(listener).length < 6) await listener.next('changes');
    const { state } = applyChanges(EMPTY_STATE, changesTold(listener));
    const backends = backendsOf(state, WEB).map(({ backend }) => backend);
    assert.equal(
      backends.sort((a, b) => a.address.localeCompare(b.address)),
      [
        { vip: WEB, address: '10.0.1.10', weight: 4 },
        { vip: WEB, address: '10.0.1.11' },
      ],
    );
    await listener.end();
  }),
);

kafkaTest(
  'keeps fields it does not know, repairs a refused record, leaves other scopes alone',
  withTopic(async (apply, brokers) => {
    const publisher = await createPublisher({ brokers, topic: TOPIC });
    const value = (address: string, extra: object) => JSON.stringify({ v: 1, vip: WEB, address, ...extra });
    await publisher.publish([
      { key: `${WEB}/10.0.1.9`, value: value('10.0.1.9', { rack: 'r4' }) },
      { key: `${WEB}/10.0.1.10`, value: value('10.0.1.10', { weight: 3 }) },
      { key: `${WEB}/10.0.1.10`, value: value('10.0.1.10', { weight: -3 }) },
      { key: `${WEB}/10.0.1.77`, value: value('10.0.1.77', { scope: 'core' }) },
    ]);
    await publisher.close();
    const report = await apply(file('{ address: 10.0.1.9, weight: 2 }', '{ address: 10.0.1.10, weight: 3 }'));
    assert.equal(brief(report).keys, [`+ ${WEB}`, `~ ${WEB}/10.0.1.9`, `~ ${WEB}/10.0.1.10`]);
    assert.match(
      report.warnings.join('\n'),
      /^event at offset \d+ of partition \d: weight -3 for backend 10\.0\.1\.10, /,
    );
    const nine = report.differences[1]?.after;
    assert.equal(nine?.kind === 'backend' ? nine.backend : undefined, {
      rack: 'r4',
      vip: WEB,
      address: '10.0.1.9',
      weight: 2,
    });
    const error = await apply(file('10.0.1.77')).catch((reason: Error) => reason);
    assert.match((error as Error).message, /10\.0\.1\.77 is a record of scope "core": one key is one record/);
  }),
);

kafkaTest(
  'a mistake in the file publishes nothing',
  withTopic(async (apply) => {
    const error = await apply(file('10.0.1.9', '{ address: 10.0.1.10, weight: -3 }')).catch((reason) => reason);
    assert.is(error.code, 'ERR_RECORD');
    assert.match(
      error.message,
      /^line 3 of .*members\.yaml: weight -3 for backend 10\.0\.1\.10, expected 0\.\.65535; file ignored$/,
    );
    assert.is((await apply('vips: []')).differences.length, 0);
  }),
);

Apply('says what it does', () => {
  const help = applyCommand().helpInformation();
  for (const word of ['--brokers', '--topic', '--dry-run', '--json', '--no-remove', '--scope'])
    assert.match(help, word);
});

kafkaTest(
  'signs what it publishes, and publishes again what is not signed by its key; balancers with the key follow',
  withTopic(async (apply, brokers, signal) => {
    const [old, fresh] = ['ops-1', 'ops-2'].map((keyId) => {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      return { signer: createSigner({ keyId, privateKey }), key: { id: keyId, publicKey } };
    }) as [Pair, Pair];
    const text = file('10.0.1.9', '10.0.1.10');
    const keys = [`+ ${WEB}`, `+ ${WEB}/10.0.1.9`, `+ ${WEB}/10.0.1.10`];
    const all = keys.map((key) => key.replace('+', '~'));
    // Unsigned first, as before there were keys; then signed; then nothing is left to do; then the key changes.
    assert.equal(brief(await apply(text)).keys, keys);
    assert.equal(brief(await apply(text, { signer: old.signer })), { keys: all, unchanged: 0, isPublished: true });
    assert.equal(brief(await apply(text, { signer: old.signer })), { keys: [], unchanged: 3, isPublished: false });
    const verifyKeys = [old.key, fresh.key];
    const listener = new Listener(
      kafkaSource({ brokers, topic: TOPIC, verifyKeys, librdkafka: { 'fetch.wait.max.ms': 10 } }),
      signal,
    );
    await listener.next('caughtUp');
    const state = () => applyChanges(EMPTY_STATE, changesTold(listener)).state;
    assert.is(listener.events.filter(({ type }) => type === 'refused').length, 3); // the unsigned ones
    assert.is(backendsOf(state(), WEB).length, 2);
    assert.equal(brief(await apply(text, { signer: fresh.signer })).keys, all);
    // Somebody without a key changes a record and takes another away: apply puts both right.
    const hostile = await createPublisher({ brokers, topic: TOPIC });
    await hostile.publish([
      { key: `${WEB}/10.0.1.9`, value: `{"v":1,"vip":"${WEB}","address":"10.0.1.9","weight":65535}` },
      { key: `${WEB}/10.0.1.10`, value: null },
    ]);
    await hostile.close();
    const repaired = await apply(text, { signer: fresh.signer });
    assert.equal(brief(repaired).keys, [`~ ${WEB}/10.0.1.9`, `~ ${WEB}/10.0.1.10`]);
    assert.match(
      repaired.warnings.join(),
      /signature is missing for backend 10\.0\.1\.10, expected a signature of ops-2; a removal is/,
    );
    // A removal is signed, too.
    assert.equal(brief(await apply(file('10.0.1.9'), { signer: fresh.signer })).keys, [`- ${WEB}/10.0.1.10`]);
    while (backendsOf(state(), WEB).length > 1) await listener.next('changes');
    assert.equal(
      backendsOf(state(), WEB).map(({ backend }) => backend),
      [{ vip: WEB, address: '10.0.1.9' }],
    );
  }),
);

Apply.run();
