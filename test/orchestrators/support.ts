// What the tests of orchestrators share: a publisher without a topic that keeps what was published, in order.
import type { RecordMap } from '../../host/membership/difference.js';
import type { CanonicalBackend, CanonicalVip } from '../../host/membership/record.js';
import type { EndpointPublisher } from '../../host/orchestrators/keepInStep.js';
import { editRecords } from '../../host/publishing/edit.js';

export const WEB = 'tcp/192.0.2.80:80';

/** Publishes into a map. */
export class PaperPublisher implements EndpointPublisher {
  readonly records: Map<string, CanonicalVip | CanonicalBackend>;
  /** `10.0.1.9 active`, `10.0.1.9 removed`, `VIP`, a step's records joined by `, `. */
  readonly steps: string[] = [];
  /** What the next steps fail with. */
  readonly failures: Error[] = [];

  constructor(records: RecordMap = new Map()) {
    this.records = new Map(records);
  }

  async ready(): Promise<void> {}

  async publish(edits: Parameters<EndpointPublisher['publish']>[0]) {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    const differences = editRecords(this.records, edits);
    for (const { key, after } of differences) {
      if (after === undefined) this.records.delete(key);
      else this.records.set(key, after);
    }
    this.steps.push(differences.map(({ key, after }) => wordOf(key, after)).join(', '));
    return { differences, plans: [], excess: [], isPublished: true, places: new Map(), overwritten: [] };
  }

  /** Address and state of each backend, in order of addresses. */
  get states(): string[] {
    return [...this.records.values()].flatMap((r) => (r.kind === 'backend' ? [wordOf(r.key, r)] : [])).sort();
  }
}

function wordOf(key: string, after: CanonicalVip | CanonicalBackend | undefined): string {
  const address = /.*:\d+\/(.*)/.exec(key)?.[1] ?? 'VIP';
  if (after === undefined) return `${address} removed`;
  if (after.kind === 'vip') return 'VIP';
  const { state = 'active', weight } = after.backend;
  return `${address} ${state}${weight === undefined ? '' : ` weight ${weight}`}`;
}
