// host/view.ts: what a balancer has live, to be compared with others. Types of their own, so that the public ones need no WebAssembly.
import type { VipTable } from './membership/compared.js';
import type { Position } from './membership/event.js';

/** What is live, all of one moment, as balancers compare it. */
export interface View {
  /** Number of the published state. */
  generation: number;
  /** How far the source is read for it, where the source can say that. */
  position: Position | undefined;
  /** Every live VIP. */
  vips: VipTable[];
  /** A name of the hash secret: equal where secrets are. */
  secret: string;
}
