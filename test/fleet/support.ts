// test/fleet/support.ts: a balancer without a network: an engine that reports as one.

import { Engine } from '../../host/engine.js';
import { EventHub, type Events } from '../../host/events.js';
import type { Reported } from '../../host/fleet/reporter.js';
import { isDraining } from '../../host/membership/effective.js';
import { encapName, encapOf } from '../../host/membership/encap.js';
import type { Change, Position } from '../../host/membership/event.js';
import type { LiveVip } from '../../host/membership/live.js';
import { backendsOf } from '../../host/membership/state.js';
import { serverIdsOf } from '../../host/membership/ways.js';
import { readCore } from '../../host/options.js';
import type { Stats } from '../../host/stats.js';
import type { Status, VipStatus } from '../../host/status.js';
import type { View } from '../../host/view.js';
import { SMALL } from '../support/hotpath.js';

export const SECRET = 'a secret of 16 bytes';
export const TOPIC = 'balancer-members';
export const WEB = 'tcp/192.0.2.80:80';

export const vip = (last = 80, tableSize = 4099): Change => ({
  put: { address: `192.0.2.${last}`, protocol: 'tcp', port: 80, tableSize },
});
export const backend = (last: number, extra: object = {}, ofVip = WEB): Change => ({
  put: { vip: ofVip, address: `10.0.1.${last}`, ...extra },
});

/** An engine with the part of LoadBalancer that is reported. */
export class PaperBalancer implements Reported {
  readonly engine: Engine;
  readonly hub = new EventHub();
  readonly ready = Promise.resolve();
  isReady = true;
  /** Time of its hot path, ticks. */
  tick = 1;
  /** Unix time, ms, for slow start. */
  wallMs = 1_800_000_000_000;
  private offset = 0;

  constructor(
    readonly interfaceName = 'eth0',
    hashSecret = SECRET,
  ) {
    this.engine = new Engine({
      settings: readCore({ ...SMALL, hashSecret }),
      shape: { workers: 1, cells: 0, cellBytes: 0, ringsBytes: 0 },
      sourceFor: () => undefined,
      tick: () => this.tick,
      wallMs: () => this.wallMs,
    });
  }

  /** Applies records of the topic; each takes an offset, whether it is taken or not. */
  async read(changes: Change[], lost: Change[] = []): Promise<void> {
    this.offset += changes.length;
    const position: Position = { topic: TOPIC, offsets: { 0: this.offset } };
    const taken = changes.filter((change) => !lost.includes(change));
    const { applied } = await this.engine.apply(taken, { position });
    this.hub.emit('applied', { ...applied, vips: [] });
  }

  view(): Promise<View> {
    return this.engine.view();
  }

  status(): Status {
    const position = this.engine.position;
    return {
      isReady: this.isReady,
      generation: this.engine.generation,
      source: { name: 'paper', state: 'live', viewAgeMs: 0, ...(position && { position }) },
      vips: [...this.engine.vips.values()].map((live) => this.vipStatus(live)),
      unpublishedVips: [],
      pendingBackends: 0,
      interfaces: [{ name: this.interfaceName, isUp: true, mtu: 1500, workers: 1, received: 0, lostBelow: 0 }],
      filter: 'bpf',
      isDiverted: false,
      workerRestarts: 0,
      memory: this.engine.memoryStatus(),
      refusals: { count: 0, last: [] },
    };
  }

  stats(): Stats {
    return this.engine.stats();
  }

  private vipStatus({ key, record, panic, vip, backends, steps, names }: LiveVip): VipStatus {
    const slots = this.engine.slots(key);
    return {
      key,
      slotCount: record.slotCount,
      tracked: this.engine.countTracked(key),
      panic,
      routeBy: names.ways,
      serverIdConflicts: names.conflicts,
      backends: backendsOf(this.engine.membership, key).map(({ backend: told }) => ({
        address: told.address,
        state: isDraining(told) ? 'draining' : (told.state ?? 'active'),
        weight: told.weight ?? 1,
        encap: encapName(encapOf(vip, told)),
        serverIds: serverIdsOf(told),
        slots: slots.get(told.address) ?? 0,
        share: (slots.get(told.address) ?? 0) / record.slotCount,
        slowStartStep: steps.get(told.address),
        isDrained: backends.get(told.address)?.isDrained ?? false,
        mac: told.address === '10.0.1.66' ? undefined : '02:00:00:00:01:09',
        problem: told.address === '10.0.1.66' ? 'no answer' : undefined,
      })),
    };
  }

  on<E extends keyof Events>(event: E, listener: (e: Events[E]) => void): never {
    this.hub.on(event, listener);
    return this as never;
  }

  off<E extends keyof Events>(event: E, listener: (e: Events[E]) => void): never {
    this.hub.off(event, listener);
    return this as never;
  }
}
