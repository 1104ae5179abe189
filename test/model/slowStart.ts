// test/model/slowStart.ts: slow start as docs/TOPIC.md states it, slowly: seconds are counted one by one, weights are exact fractions.
import { addressBytes } from '../../host/membership/address.js';
import type { Backend } from '../../host/membership/event.js';
import { maglevTable, placeOf } from './maglev.js';

/** The step of a backend at `nowMs`: it goes up at the first full second at which so many tenths of the ramp are over. */
export function stepAt({ slowStart }: Backend, nowMs: number): number {
  if (slowStart?.since === undefined) return 10;
  const { seconds, since } = slowStart;
  let step = 1;
  for (let second = Math.floor(since / 1000); second * 1000 <= nowMs && step < 10; second++) {
    while (step < 10 && second * 1000 >= since && (second * 1000 - since) * 10 >= step * seconds * 1000) step++;
  }
  return step;
}

/** The address in each slot of the table of active backends, by their weights in tenths. */
export function rampedTable(
  backends: readonly Backend[],
  nowMs: number,
  slotCount: number,
  identityKey: Uint8Array,
): string[] {
  const inLine = [...backends].sort((a, b) => Buffer.compare(addressBytes(a.address), addressBytes(b.address)));
  const tenths = inLine.map((backend) => (backend.weight ?? 1) * stepAt(backend, nowMs));
  // Beyond 16 bits the table counts in whole weights, to the next one, and everybody has at least one.
  const isTooMuch = Math.max(...inLine.map(({ weight = 1 }) => weight)) > 6553;
  const isSomebodyRising = inLine.some((backend) => stepAt(backend, nowMs) < 10);
  const weights = isTooMuch && isSomebodyRising ? tenths.map((tenth) => Math.max(1, Math.round(tenth / 10))) : tenths;
  const inputs = inLine.map(({ address }, i) => ({
    weight: weights[i] as number,
    ...placeOf(identityKey, addressBytes(address), slotCount),
  }));
  return maglevTable(inputs, slotCount).map((place) => inLine[place]?.address as string);
}
