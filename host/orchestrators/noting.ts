// host/orchestrators/noting.ts: a publisher that writes nothing and goes on as if it had: for a dry run.
import { type Difference, payload, type RecordMap } from '../membership/difference.js';
import { editRecords } from '../publishing/edit.js';
import type { EndpointPublisher } from './keepInStep.js';

/** Begins with `records`; `note` gets what would be written. */
export function notingPublisher(records: RecordMap, note: (difference: Difference) => void): EndpointPublisher {
  const noted = new Map(records);
  return {
    records: noted,
    ready: async () => undefined,
    publish: async (edits) => {
      const differences = editRecords(noted, edits);
      for (const difference of differences) {
        const { key, after } = difference;
        if (after === undefined) noted.delete(key);
        else noted.set(key, after);
        note(difference);
      }
      return { differences, plans: [], excess: [], isPublished: false, places: new Map(), overwritten: [] };
    },
  };
}

/** A difference as it would stand in the topic: a line of JSON. */
export function noteLine({ key, after }: Difference): string {
  return JSON.stringify({ key, value: after === undefined ? null : { v: 1, ...payload(after) } });
}
