// test/support/optional.ts: cases that need a package which may not be here: without it they are skipped, and the reason is printed.
import type { suite } from 'uvu';

type Suite = ReturnType<typeof suite>;

/** What keeps a package from being used; undefined when it is there. `loading` loads it, or rejects with the reason. */
export function whyMissing(loading: Promise<unknown>): Promise<string | undefined> {
  return loading.then(
    () => undefined,
    (error: Error) => error.message,
  );
}

/** Defines cases of `inner`, or skips them all where the package is not there. */
export async function casesThatNeed(loading: Promise<unknown>, inner: Suite): Promise<Suite | Suite['skip']> {
  const missing = await whyMissing(loading);
  if (missing === undefined) return inner;
  console.log(`skipped: ${missing}`);
  return inner.skip;
}
