// TLS and SASL against listeners that refuse: the wrong password, the wrong certificate, a certificate for another host.
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { createPublisher, kafkaSource } from '../../host/membership/sources/kafka.js';
import type { KafkaConnection } from '../../host/membership/sources/kafkaConnection.js';
import type { KafkaSasl } from '../../host/membership/sources/kafkaSecurity.js';
import { changesTold, Listener } from '../membership/support.js';
import { kafkaSuite } from './support/suite.js';
import type { TestKafka } from './support/testKafka.js';

const test = await kafkaSuite('kafka/security');
const WEB = 'tcp/192.0.2.80:80';
const VIP = { key: WEB, value: '{"v":1,"address":"192.0.2.80","protocol":"tcp","port":80}' };
const TOLD = [{ put: { address: '192.0.2.80', protocol: 'tcp', port: 80 } }];
const needs = ['topics', 'listeners'] as const;

/** The user of the cluster, with this password or the right one, in a file. */
async function withSasl(
  kafka: TestKafka,
  body: (sasl: (mechanism: KafkaSasl['mechanism'], password?: string) => KafkaSasl) => Promise<void>,
): Promise<void> {
  const { user } = kafka.access();
  const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-sasl-'));
  try {
    await body((mechanism, password = user.password) => {
      const passwordFile = join(folder, `password-${password.length}`);
      writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
      return { mechanism, username: user.name, passwordFile };
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Publishes and reads by this way. */
async function worksBy(connection: KafkaConnection, kafka: TestKafka, signal: AbortSignal): Promise<void> {
  const topic = await kafka.createTopic('security');
  const publisher = await createPublisher({ ...connection, topic });
  await publisher.publish([VIP]);
  await publisher.close();
  const listener = new Listener(kafkaSource({ ...connection, topic }), signal);
  await listener.next('caughtUp');
  assert.equal(changesTold(listener), TOLD);
  await listener.end();
}

/** Neither publishes nor reads by this way, and both say why, without the secret. */
async function isRefusedBy(
  connection: KafkaConnection,
  why: RegExp,
  kafka: TestKafka,
  signal: AbortSignal,
): Promise<void> {
  const topic = await kafka.createTopic('security');
  const listener = new Listener(kafkaSource({ ...connection, topic }), signal);
  const outcome = await createPublisher({ ...connection, topic, timeoutMs: 1000 }).catch((error: Error) => error);
  assert.instance(outcome, Error, 'it publishes');
  const { code, message } = outcome as Error & { code: string };
  assert.is(code, 'ERR_BROKER');
  assert.match(message, why);
  const { reason } = await listener.next('stale');
  assert.match(reason, why);
  assert.equal(
    listener.events.map(({ type }) => type),
    ['stale'],
  );
  const password =
    typeof connection.sasl?.passwordFile === 'string'
      ? readFileSync(connection.sasl.passwordFile, 'utf8').trim()
      : 'no password';
  assert.not.match(`${message} ${reason}`, password);
  await listener.end();
}

for (const mechanism of ['scram-sha-256', 'scram-sha-512'] as const) {
  test(`${mechanism} with the right password`, { needs }, (kafka, signal) =>
    withSasl(kafka, (sasl) =>
      worksBy({ brokers: kafka.access().listeners.scram, sasl: sasl(mechanism) }, kafka, signal),
    ),
  );
}

test('the wrong password is refused', { needs }, (kafka, signal) =>
  withSasl(kafka, async (sasl) => {
    const brokers = kafka.access().listeners.scram;
    await isRefusedBy(
      { brokers, sasl: sasl('scram-sha-512', 'hunter2') },
      /SASL authentication error: Authentication failed/,
      kafka,
      signal,
    );
  }),
);

test('an unknown user is refused', { needs }, (kafka, signal) =>
  withSasl(kafka, async (sasl) => {
    const brokers = kafka.access().listeners.scram;
    const stranger = { ...sasl('scram-sha-256'), username: 'stranger' };
    await isRefusedBy({ brokers, sasl: stranger }, /SASL authentication error: Authentication failed/, kafka, signal);
  }),
);

test('a client without a user is refused where one is asked for', { needs }, (kafka, signal) =>
  isRefusedBy(
    { brokers: kafka.access().listeners.scram },
    /connection closed by peer .*does it want one|Broken pipe|reset by peer/,
    kafka,
    signal,
  ),
);

test('SCRAM over TLS, by name and by address', { needs }, (kafka, signal) =>
  withSasl(kafka, async (sasl) => {
    const { listeners, certificates } = kafka.access();
    const tls = { ca: certificates.ca };
    await worksBy({ brokers: listeners.tls, tls, sasl: sasl('scram-sha-512') }, kafka, signal);
  }),
);

test('the wrong password is refused over TLS', { needs }, (kafka, signal) =>
  withSasl(kafka, async (sasl) => {
    const { listeners, certificates } = kafka.access();
    const connection = { brokers: listeners.tls, tls: { ca: certificates.ca }, sasl: sasl('scram-sha-512', 'hunter2') };
    await isRefusedBy(connection, /SASL authentication error: Authentication failed/, kafka, signal);
  }),
);

test('a broker whose certificate nobody we trust has signed is refused', { needs }, (kafka, signal) =>
  withSasl(kafka, async (sasl) => {
    const { listeners, certificates } = kafka.access();
    const connection = { brokers: listeners.tls, sasl: sasl('scram-sha-512') };
    await isRefusedBy({ ...connection, tls: { ca: certificates.otherCa } }, /certificate verify failed/, kafka, signal);
    await isRefusedBy({ ...connection, tls: {} }, /certificate verify failed/, kafka, signal);
  }),
);

test(
  'a broker whose certificate is for another host is refused, unless told not to look',
  { needs },
  async (kafka, signal) => {
    const { listeners, certificates } = kafka.access();
    const tls = { ca: certificates.ca };
    await isRefusedBy({ brokers: listeners.misnamed, tls }, /certificate verify failed/, kafka, signal);
    await worksBy({ brokers: listeners.misnamed, tls: { ...tls, verifyHostname: false } }, kafka, signal);
  },
);

test('client certificates: the right one, none, and one of another authority', { needs }, async (kafka, signal) => {
  const { listeners, certificates } = kafka.access();
  const brokers = listeners.mutual;
  const { ca, client, stranger } = certificates;
  await worksBy({ brokers, tls: { ca, ...client } }, kafka, signal);
  await isRefusedBy({ brokers, tls: { ca } }, /alert bad certificate/, kafka, signal);
  await isRefusedBy({ brokers, tls: { ca, ...stranger } }, /alert bad certificate/, kafka, signal);
});

test.run();
