// select/trace.ts: what the ways before the table found for the frame in hand, for explain.ts. Nothing is decided by it.

/** WAY_ bits of the VIP, 0 when it has none. */
export let asked: u32 = 0;
/** The WAY_ that decided, 0 = none. */
export let way: u32 = 0;
/** The server id that was read last, 0 = none. */
export let serverId: u32 = 0;
/** A name led to a backend that cannot serve. */
export let isDown: bool = false;
/** Prefix length of the source route that was found, and 1 more; 0 = none. */
export let routeBits: u32 = 0;
/** A source route was found, and the flow table knew the flow. */
export let isKnown: bool = false;

export function forget(): void {
  begin(0);
}

export function begin(ways: u32): void {
  asked = ways;
  way = 0;
  serverId = 0;
  isDown = false;
  routeBits = 0;
  isKnown = false;
}

export function noteId(id: u32): void {
  serverId = id;
}

export function noteRoute(bits: u32): void {
  routeBits = bits;
}

export function noteDown(): void {
  isDown = true;
}

export function decide(by: u32): void {
  way = by;
}

export function noteKnown(): void {
  isKnown = true;
}
