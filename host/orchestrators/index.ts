// host/orchestrators/index.ts: `maglev-dsr/orchestrators`: keeps a topic in step with the endpoints of an orchestrator.
export type { ContainerTarget } from './docker/containers.js';
export { type DockerOptions, dockerSource } from './docker/source.js';
export type { VipTarget } from './edits.js';
export type { Endpoint, EndpointEvent, EndpointSource, Tell } from './endpoints.js';
export { type EndpointPublisher, type KeepOptions, keepInStep, type StepEvent } from './keepInStep.js';
export type { KubernetesConnection } from './kubernetes/client.js';
export type { ServiceTarget } from './kubernetes/slices.js';
export { type KubernetesOptions, kubernetesSource } from './kubernetes/source.js';
