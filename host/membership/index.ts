// host/membership/index.ts: `maglev-dsr/membership`: who the VIPs and backends are, and who says so.
//
//   event.ts       the words: records, changes, what a source says
//   address.ts     key.ts           one spelling for every address and every key
//   record.ts      jsonRecord.ts    what records may say; the JSON they come in
//   validate.ts    refusal.ts       anything at all -> canonical, or refused by name
//   state.ts                        pure: (state, changes) -> state
//   effective.ts                    pure: records of a VIP -> what goes into its table
//   difference.ts  declared.ts      from one set of records to another; the file that people write
//   build.ts       publish.ts       state -> lookup tables -> live (live.ts)
//   planState.ts   plan.ts          what that would move, before it is made
//   sources/       memory file kafka (and its publisher, its embedded broker)
//
// Nothing here needs node-rdkafka; the Kafka source is `maglev-dsr/kafka`.
export { addressBytes, canonicalAddress, formatAddress } from './address.js';
export {
  type EffectiveBackends,
  effectiveBackends,
  PANIC_SHARE_DEFAULT,
  type Panic,
  type TableInput,
} from './effective.js';
export type {
  Applied,
  Backend,
  BackendState,
  Change,
  Encap,
  HashFields,
  HashName,
  MembershipSource,
  Position,
  Protocol,
  Refusal,
  SlowStart,
  SourceEvent,
  SourceHost,
  Tracking,
  Vip,
  Way,
} from './event.js';
export { backendKey, formatKey, parseKey, type RecordKey, vipKey } from './key.js';
export type { ServerIdConflict } from './names.js';
export { TABLE_SIZE_DEFAULT, TABLE_SIZE_MAX, TABLE_SIZE_MIN, WEIGHT_DEFAULT, WEIGHT_MAX } from './record.js';
export { formatRefusal } from './refusal.js';
export { createSigner, type Signer, type SignerOptions, type Unsigned } from './signer.js';
export { fileSource } from './sources/file.js';
export { type MemorySource, memorySource } from './sources/memory.js';
export {
  applyChanges,
  type BackendEntry,
  backendsOf,
  changesOf,
  countRecords,
  EMPTY_STATE,
  type MembershipState,
  type Origin,
  pendingBackends,
  type StateOutcome,
  type VipEntry,
} from './state.js';
export { validateChanges } from './validate.js';
export type { VerifyKey, VerifyOptions } from './verifier.js';
