// host/fleet: `maglev-dsr/fleet`: does a fleet of balancers agree?
//
//   identity statusRecord records   what a balancer says of itself, under which name
//   reporter                        says it, in a status topic
//   view fleetTopic                 what all of them say, read back
//   agreement                       who agrees, lags, differs, is silent
//
// Needs node-rdkafka when used, not when imported.
export {
  type Agreement,
  type AgreementOptions,
  agreementOf,
  type BalancerAgreement,
  type GroupAgreement,
  type LogTables,
  type Standing,
  type Verdict as FleetVerdict,
  type VipDifference,
} from './agreement.js';
export { type FleetEvent, followFleet, readFleet } from './fleetTopic.js';
export { type Reported, type Reporter, type ReportOptions, reportStatus } from './reporter.js';
export type { BalancerRecord, TableRecord } from './statusRecord.js';
export type { BalancerView, FleetView } from './view.js';
