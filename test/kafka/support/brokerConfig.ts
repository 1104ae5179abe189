// test/kafka/support/brokerConfig.ts: the configuration of a broker of a test's cluster: KRaft, every node both broker and controller.
import type { Certificates } from './certificates.js';

/** Ways in. `scram` and `tls` want a user and a password (SCRAM-SHA-256, SCRAM-SHA-512), `mutual` a client certificate. */
export const LISTENERS = ['controller', 'plain', 'scram', 'tls', 'mutual', 'misnamed'] as const;
export type ListenerName = (typeof LISTENERS)[number];

/** Ports of a node on the loopback address, by listener. */
export type Ports = Record<ListenerName, number>;

const PROTOCOLS: Record<ListenerName, string> = {
  controller: 'PLAINTEXT',
  plain: 'PLAINTEXT',
  scram: 'SASL_PLAINTEXT',
  tls: 'SASL_SSL',
  mutual: 'SSL',
  misnamed: 'SSL',
};
const MECHANISMS = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];

/** A node of a cluster. */
interface NodeConfig {
  id: number;
  /** All nodes, this one included, by id. */
  ports: ReadonlyMap<number, Ports>;
  dataFolder: string;
  certificates: Certificates;
  /** Settings on top, by Kafka's names. */
  more?: Readonly<Record<string, string | number>>;
}

/** The text of its server.properties. */
export function serverProperties({ id, ports, dataFolder, certificates, more = {} }: NodeConfig): string {
  const own = ports.get(id) as Ports;
  const replicas = Math.min(3, ports.size);
  const settings: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': [...ports].map(([node, { controller }]) => `${node}@127.0.0.1:${controller}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAIN',
    listeners: LISTENERS.map((name) => `${name.toUpperCase()}://127.0.0.1:${own[name]}`).join(','),
    'listener.security.protocol.map': LISTENERS.map((name) => `${name.toUpperCase()}:${PROTOCOLS[name]}`).join(','),
    ...saslSettings(),
    ...tlsSettings(certificates),
    'log.dirs': dataFolder,
    'auto.create.topics.enable': 'false',
    'default.replication.factor': replicas,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 1, // default 50; no test has groups, but a consumer that has no use for one asks for it
    'transaction.state.log.replication.factor': replicas,
    'message.max.bytes': 12_000_000, // values of 10 MB are among what a reader must survive
    'replica.fetch.max.bytes': 12_000_000,
    ...HASTE,
    ...more,
  };
  return `${Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;
}

/** What would else be found out after tens of seconds: dead brokers, what to compact, what is too old. And little memory. */
const HASTE = {
  'broker.session.timeout.ms': 3000,
  'broker.heartbeat.interval.ms': 500,
  'controller.quorum.election.timeout.ms': 1000,
  'controller.quorum.fetch.timeout.ms': 2000,
  'group.initial.rebalance.delay.ms': 0,
  'log.initial.task.delay.ms': 100,
  'log.retention.check.interval.ms': 300,
  'log.segment.delete.delay.ms': 200,
  'log.cleaner.backoff.ms': 100,
  'log.cleaner.dedupe.buffer.size': 4_194_304,
  'num.network.threads': 2,
  'num.io.threads': 2,
};

function saslSettings(): Record<string, string> {
  const login = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  const modules = ['scram', 'tls'].flatMap((name) =>
    MECHANISMS.map(
      (mechanism) => [`listener.name.${name}.${mechanism.toLowerCase()}.sasl.jaas.config`, login] as const,
    ),
  );
  return { 'sasl.enabled.mechanisms': MECHANISMS.join(','), ...Object.fromEntries(modules) };
}

function tlsSettings({ ca, broker, misnamed }: Certificates): Record<string, string> {
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': broker,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': ca,
    'listener.name.mutual.ssl.client.auth': 'required',
    'listener.name.misnamed.ssl.keystore.type': 'PEM',
    'listener.name.misnamed.ssl.keystore.location': misnamed,
  };
}
