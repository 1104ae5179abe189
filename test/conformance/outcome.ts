// test/conformance/outcome.ts: what became of the cases of one family of vectors, and how two runs of bytes differ.

/** A case that came out otherwise than it must. */
interface Failure {
  name: string;
  why: string;
}

/** Counters of a family: which were compared, and which have no equal here. */
export interface CounterOutcome {
  agree: string[];
  /** Not compared, with the reason. */
  without: { name: string; why: string }[];
}

export interface FamilyOutcome {
  family: string;
  passed: number;
  failures: Failure[];
  /** Why its cases were not run, when they were not. */
  skipped?: { cases: number; why: string };
  counters?: CounterOutcome;
}

/** A place of a frame that is not to be compared. */
interface Ignored {
  offset: number;
  length: number;
}

/** How `got` differs from `expected`, byte by byte, in one line; undefined when it does not. */
export function differenceOf(
  got: Uint8Array,
  expected: Uint8Array,
  ignored: readonly Ignored[] = [],
): string | undefined {
  const isIgnored = (at: number): boolean => ignored.some(({ offset, length }) => at >= offset && at < offset + length);
  const parts: string[] = [];
  const shared = Math.min(got.length, expected.length);
  for (let at = 0; at < shared; ) {
    let end = at;
    while (end < shared && got[end] !== expected[end] && !isIgnored(end)) end++;
    if (end > at) parts.push(`bytes ${at}..${end - 1} are ${hex(got, at, end)}, expected ${hex(expected, at, end)}`);
    at = Math.max(end, at + 1);
  }
  if (got.length !== expected.length) parts.push(`${got.length} bytes, expected ${expected.length}`);
  return parts.length === 0 ? undefined : parts.join('; ');
}

function hex(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.subarray(from, to)).toString('hex');
}
