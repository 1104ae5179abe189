// host/membership/sources/kafka.ts: membership told by a compacted Kafka topic: the last value of a key is the truth.
//
// All that is there when we begin is told as one change; then every burst as one. A record that breaks a rule is refused by
// name and changes nothing: what its key said before stays.
import { optionError } from '../../errors.js';
import { scopeRule } from '../envelope.js';
import type { MembershipSource } from '../event.js';
import { Verifier, type VerifyOptions } from '../verifier.js';
import { SnapshotKeeper } from './kafkaSnapshotKeeper.js';
import { checkTopicOptions, readTopic, type TopicOptions } from './kafkaTopic.js';
import { Translator } from './kafkaTranslator.js';

export { createSigner, type Signer, type SignerOptions, type Unsigned } from '../signer.js';
export type { VerifyKey, VerifyOptions } from '../verifier.js';
export type { KafkaConnection } from './kafkaConnection.js';
export type { KafkaSasl, KafkaSecurity, KafkaTls } from './kafkaSecurity.js';
export type { Publisher, PublisherOptions, TopicEntry } from './publisher.js';
export { createPublisher } from './publisher.js';

/** A topic of membership records. */
export interface KafkaSourceOptions extends TopicOptions, Partial<VerifyOptions> {
  /** Our group of balancers: records of this scope and those without one are taken. Default: only those without one. */
  scope?: string;
  /**
   * A file of ours in a folder that we may write to: what is known of the topic, kept there a few seconds behind. The next run begins
   * with it, also when no broker answers, and reads on from where this one stood. A file that is damaged, or of another topic, is refused
   * by name, and the topic read from its start. Default: none is kept.
   */
  snapshot?: string;
}

/**
 * A source that reads a topic from its beginning, or from where its snapshot stands, without a consumer group, says when it has caught
 * up, and follows it. Brokers that are away, and a topic that is not there, make it stale, never empty; it keeps trying. `events` throws
 * ERR_MISSING when node-rdkafka is not installed, ERR_OPTION for a setting that librdkafka does not like.
 * @throws MaglevError ERR_OPTION for an option that cannot be.
 */
export function kafkaSource(options: KafkaSourceOptions): MembershipSource {
  checkTopicOptions(options);
  const broken = options.scope === undefined ? undefined : scopeRule(options.scope);
  if (broken !== undefined) throw optionError('scope', options.scope, `must be a name: ${broken}`);
  newVerifier(options); // what is wrong with the keys is said now
  if (options.snapshot === '') throw optionError('snapshot', options.snapshot, 'must be the path of a file');
  return {
    name: `kafka topic ${options.topic}`,
    isShared: true,
    async *events(signal, host) {
      const verifier = newVerifier(options);
      const translator = new Translator(options.topic, options.scope, verifier);
      const keeper = new SnapshotKeeper({ ...options, verifier }, translator, host);
      const start = yield* keeper.restore();
      try {
        for await (const event of readTopic(options, signal, start)) {
          switch (event.type) {
            case 'messages':
              if (verifier !== undefined) await translator.check(event.messages);
              for (const message of event.messages) yield* translator.take(message);
              if (translator.isCaughtUp) yield* event.isMore ? translator.flush(true) : translator.flush();
              break;
            case 'end':
              yield* translator.end(event);
              break;
            case 'caughtUp':
              yield* translator.catchUp();
              break;
            case 'restart':
              translator.restart();
              break;
            case 'current':
              yield { type: 'current', atMs: event.atMs };
              break;
            case 'away':
              yield { type: 'stale', sinceMs: event.sinceMs, reason: event.reason };
              break;
            case 'back':
              yield { type: 'fresh' };
              break;
          }
          keeper.note(event);
        }
      } finally {
        await keeper.close();
      }
    },
  };
}

function newVerifier({ topic, verifyKeys, maxDelayMs }: KafkaSourceOptions): Verifier | undefined {
  if (verifyKeys !== undefined)
    return new Verifier(topic, { verifyKeys, ...(maxDelayMs !== undefined && { maxDelayMs }) });
  if (maxDelayMs !== undefined) throw optionError('maxDelayMs', maxDelayMs, 'has a meaning with verifyKeys only');
  return undefined;
}
