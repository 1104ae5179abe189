// host/orchestrators/endpoints.ts: what a source of container endpoints says: who is behind a VIP now, all of them each time.
import type { BackendState } from '../membership/event.js';

/** One endpoint of a VIP. What is gone is not in the list. */
export interface Endpoint {
  /** IPv4 or IPv6 address. */
  address: string;
  /** What its record will say. */
  state: BackendState;
  /** 0..65535. Default: that of the target. */
  weight?: number;
}

/** What a source says. */
export type EndpointEvent =
  /** All endpoints of a VIP; only said of a list that is whole. Replaces what was said of that VIP before. */
  | { type: 'endpoints'; vip: string; endpoints: readonly Endpoint[] }
  /** The orchestrator does not answer; what was said stays true for all that is known. It is tried again. */
  | { type: 'away'; reason: string }
  /** It answers again, or for the first time. */
  | { type: 'back' }
  /** Something that is not published, and why. */
  | { type: 'warning'; text: string };

/** Tells of an event. Returns at once: who listens keeps the last list of each VIP, so nothing piles up. */
export type Tell = (event: EndpointEvent) => void;

/** A place that knows endpoints. */
export interface EndpointSource {
  /** Follows it until `signal` is aborted, whatever goes wrong in between. Rejects only for what trying again cannot mend. */
  follow(tell: Tell, signal: AbortSignal): Promise<void>;
}

/** Of several states that one address has (in two slices, in two containers), the best. */
function bestState(a: BackendState, b: BackendState): BackendState {
  const order: readonly BackendState[] = ['active', 'draining', 'down'];
  return order.indexOf(a) <= order.indexOf(b) ? a : b;
}

/** The same endpoints with each address once, in its best state, in the order of addresses. */
export function withoutDoubles(endpoints: readonly Endpoint[]): Endpoint[] {
  const found = new Map<string, Endpoint>();
  for (const endpoint of endpoints) {
    const other = found.get(endpoint.address);
    const state = other === undefined ? endpoint.state : bestState(other.state, endpoint.state);
    found.set(endpoint.address, { ...(other ?? endpoint), state });
  }
  return [...found.values()].sort((a, b) => (a.address < b.address ? -1 : 1));
}
