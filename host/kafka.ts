// host/kafka.ts: `maglev-dsr/kafka`: membership from a Kafka topic, and to it.
//
//   kafkaSource                   a balancer's membership
//   createMembershipPublisher     edits of what a topic says, planned and bounded: for health checkers and orchestrators
//   createPublisher               messages as they are
//
// Needs node-rdkafka when used, not when imported.
export * from './membership/sources/kafka.js';
export type { Edit } from './publishing/edit.js';
export { type Excess, MOVE_SHARE_MAX_DEFAULT, type PlannedVip } from './publishing/limits.js';
export {
  createMembershipPublisher,
  type MembershipPublisher,
  type MembershipPublisherOptions,
  type StepOptions,
  type StepOutcome,
} from './publishing/membershipPublisher.js';
