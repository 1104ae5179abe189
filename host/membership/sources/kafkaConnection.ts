// host/membership/sources/kafkaConnection.ts: how to reach a Kafka cluster, and what may be said about it.
import { optionError } from '../../errors.js';
import { type KafkaSecurity, securityConfig } from './kafkaSecurity.js';

/** How to reach a Kafka cluster. */
export interface KafkaConnection extends KafkaSecurity {
  /** Brokers to begin with, `host:port`; the others are learned from them. */
  brokers: readonly string[];
  /** Name of this client in the brokers' logs and quotas. Default `maglev-dsr`. */
  clientId?: string;
  /**
   * Settings of librdkafka for the way to the brokers, by their own names: `security.protocol`, `sasl.*`, `ssl.*`, `socket.*`,
   * `reconnect.*`, `broker.address.*`, `client.rack`, `client.dns.lookup`, `connections.max.idle.ms`, `metadata.max.age.ms`, `fetch.wait.max.ms`,
   * `fetch.message.max.bytes`.
   * Any other is refused: what is read, and from where, is not for settings to change.
   */
  librdkafka?: Readonly<Record<string, string | number | boolean>>;
}

const CLIENT_ID_DEFAULT = 'maglev-dsr';
const PASSED_ON =
  /^(security\.protocol|sasl\.[a-z.]+|enable\.sasl\.oauthbearer\.unsecure\.jwt|ssl\.[a-z.]+|enable\.ssl\.certificate\.verification|socket\.[a-z.]+|reconnect\.[a-z.]+|broker\.address\.[a-z.]+|client\.rack|client\.dns\.lookup|connections\.max\.idle\.ms|metadata\.max\.age\.ms|fetch\.wait\.max\.ms|fetch\.message\.max\.bytes)$/;

/** Settings that every client here has. Throws ERR_OPTION for a broker, a file or a setting that cannot be. */
export function connectionConfig(options: KafkaConnection): Record<string, string | number | boolean> {
  const { brokers, clientId = CLIENT_ID_DEFAULT, librdkafka = {} } = options;
  if (!Array.isArray(brokers) || brokers.length === 0) throw optionError('brokers', brokers, 'must name a broker');
  brokers.forEach((broker, index) => {
    if (typeof broker === 'string' && /^[^\s,]+:\d{1,5}$/.test(broker)) return;
    throw optionError(`brokers[${index}]`, broker, 'must be host:port');
  });
  for (const [name, value] of Object.entries(librdkafka)) {
    if (PASSED_ON.test(name) && ['string', 'number', 'boolean'].includes(typeof value)) continue;
    throw optionError(`librdkafka["${name}"]`, typeof value, 'is not a setting that is passed on');
  }
  const isSecured = options.tls !== undefined || options.sasl !== undefined;
  if (isSecured && librdkafka['security.protocol'] !== undefined) {
    throw optionError('librdkafka["security.protocol"]', librdkafka['security.protocol'], 'follows from tls and sasl');
  }
  return {
    'bootstrap.servers': brokers.join(','),
    'client.id': clientId,
    'socket.keepalive.enable': true,
    'socket.nagle.disable': true,
    'socket.timeout.ms': 5000, // default 60 s: a broker that hangs should be left sooner
    'reconnect.backoff.ms': 100,
    'reconnect.backoff.max.ms': 2000, // default 10 s: a broker that is back should be news sooner
    'allow.auto.create.topics': false, // a mistyped topic is an error, not a new topic
    ...(isSecured ? securityConfig(options) : {}),
    ...librdkafka,
  };
}

/** Throws ERR_OPTION for what cannot be the name of a topic. */
export function checkTopic(topic: unknown): string {
  // org.apache.kafka.common.internals.Topic: at most 249 of these characters, and not a path
  if (typeof topic === 'string' && /^[a-zA-Z0-9._-]{1,249}$/.test(topic) && !/^\.{1,2}$/.test(topic)) return topic;
  throw optionError('topic', topic, 'must be a name of 1..249 letters, digits, dots, dashes and underscores');
}
