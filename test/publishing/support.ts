// Records for the tests of publishing.
import type { RecordMap } from '../../host/membership/difference.js';
import type { Backend, Vip } from '../../host/membership/event.js';
import type { CanonicalBackend, CanonicalVip } from '../../host/membership/record.js';
import { isRefusal, readChange } from '../../host/membership/validate.js';

/** Records by key, as a topic that is read has them. */
export function recordsOf(...puts: (Vip | Backend)[]): RecordMap {
  return new Map(
    puts.map((put) => {
      const step = readChange({ put }, { where: 'test', ignored: 'changes' });
      if (isRefusal(step)) throw new Error(step.rule);
      return [step.key, step as CanonicalVip | CanonicalBackend];
    }),
  );
}

/** `count` backends 10.0.FIRST.1, 10.0.FIRST.2 ... of a VIP. */
export function backendsOf(vip: string, count: number, fields: Partial<Backend> = {}, first = 1): Backend[] {
  return Array.from({ length: count }, (_, i) => ({ vip, address: `10.0.${first}.${i + 1}`, ...fields }));
}
