// test/support/assertOutcome.ts: one frame in, one verdict and one frame out, byte for byte.
import * as assert from 'uvu/assert';
import type { FrameMeta, HotPath, Outcome } from '../../host/hotpath.js';
import { dump } from './hex.js';

/** Asserts that `frame` gets `verdict` and that exactly `expected` leaves: a failure shows the line that differs. */
export function assertSent(
  hotPath: HotPath,
  frame: Uint8Array,
  verdict: string,
  expected: Uint8Array,
  meta?: FrameMeta,
): Outcome {
  const outcome = hotPath.forward(frame, meta);
  assert.is(outcome.verdict, verdict);
  assert.is(outcome.frames.length, 1);
  assert.fixture(dump(outcome.frames[0] ?? new Uint8Array(0)), dump(expected));
  return outcome;
}

/** Asserts that `frame` gets `verdict` and that nothing leaves. */
export function assertKept(hotPath: HotPath, frame: Uint8Array, verdict: string, meta?: FrameMeta): void {
  const outcome = hotPath.forward(frame, meta);
  assert.is(outcome.verdict, verdict);
  assert.equal(outcome.frames, []);
}
