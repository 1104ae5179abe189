// test/support/rejection.ts: the error that has to come.
import { MaglevError } from '../../host/errors.js';

/** What `work` is rejected with. Fails when it is not, or with something else than an error of ours. */
export async function rejection(work: Promise<unknown>): Promise<MaglevError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof MaglevError) return error;
  throw new Error(`expected a MaglevError, got ${String(error)}`);
}
