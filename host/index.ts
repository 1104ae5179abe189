// host/index.ts: the public entry `maglev-dsr`: a load balancer on this host's interfaces, and what it is built from.
// `maglev-dsr/hotpath` is the same without I/O, `maglev-dsr/membership` the records and sources, `maglev-dsr/kafka` Kafka.
export type { InterfaceOptions, LoadBalancerOptions, Logger } from './balancerOptions.js';
export { type Controlled, type ControlOptions, type ControlSocket, serveControl } from './control/server.js';
export type { DecapsulatorOptions } from './decap/decapOptions.js';
export type { DecapEvents, DecapStats, DecapStatus, TunnelType } from './decap/decapStatus.js';
export { createDecapsulator, type Decapsulator } from './decap/decapsulator.js';
export type { Events } from './events.js';
export * from './hotpath.js';
export { createLoadBalancer, type LoadBalancer } from './loadBalancer.js';
export type { TableBackend, VipTable } from './membership/compared.js';
export * from './membership/index.js';
export type { BackendStatus, InterfaceStatus, MemoryStatus, SourceStatus, Status, VipStatus } from './status.js';
export type { View } from './view.js';
