// host/statsReader.ts: reads the counters of a memory. What they mean is in stats.ts.
import {
  COUNT_BYTES,
  COUNT_OCTETS,
  COUNT_PACKETS,
  COUNTER_EVENTS,
  COUNTERS_BYTES,
  KATRAN_COUNTERS,
  KATRAN_WORKER_BYTES,
  REGION_BACKEND_COUNTERS,
  REGION_COUNTERS,
  REGION_KATRAN,
  REGION_VIP_COUNTERS,
} from '../assembly/layout.js';
import { readKatranStats } from './compat/katranStats.js';
import type { LiveVip } from './membership/live.js';
import type { HotMemory } from './memory.js';
import { HOT_EVENTS, type Stats, type Traffic, VERDICTS } from './stats.js';

/** Reads all counters of a memory. An index that had an owner before starts its new owner at 0. */
export class StatsReader {
  private readonly vipBaselines = new Map<number, Traffic>();
  private readonly backendBaselines = new Map<number, Traffic>();

  constructor(private readonly memory: HotMemory) {}

  read(vips: Iterable<LiveVip>): Stats {
    const stats: Stats = { verdicts: {}, events: {}, vips: {}, backends: {} };
    for (const { number, name } of VERDICTS) stats.verdicts[name] = this.sumCounter(number * 8);
    for (const { number, name } of HOT_EVENTS) stats.events[name] = this.sumCounter(COUNTER_EVENTS + number * 8);
    if (this.memory.region(REGION_KATRAN).bytes > 0)
      stats.katran = readKatranStats((counter) => this.sumKatran(counter));
    for (const vip of vips) {
      stats.vips[vip.key] = less(this.sumVip(vip.number), this.vipBaselines.get(vip.number));
      for (const { address, index } of vip.backends.values()) {
        stats.backends[`${vip.key}/${address}`] = less(this.sumBackend(index), this.backendBaselines.get(index));
      }
    }
    return stats;
  }

  /** Packets by VIP alone: a thousand VIPs in a tenth of the time. */
  packets(vips: Iterable<LiveVip>): Map<string, number> {
    const packets = new Map<string, number>();
    for (const { key, number } of vips) {
      packets.set(key, less(this.sumVip(number), this.vipBaselines.get(number)).packets);
    }
    return packets;
  }

  /** Packets that a backend index ever got. */
  backendPackets(index: number): number {
    return this.sumBackend(index).packets;
  }

  /** From now on VIP `number` counts from 0. */
  rebaseVip(number: number): void {
    this.vipBaselines.set(number, this.sumVip(number));
  }

  /** From now on backend `index` counts from 0. */
  rebaseBackend(index: number): void {
    this.backendBaselines.set(index, this.sumBackend(index));
  }

  private sumVip(number: number): Traffic {
    return this.sumTraffic(this.memory.region(REGION_VIP_COUNTERS).base, this.memory.vipRecords, number);
  }

  private sumBackend(index: number): Traffic {
    return this.sumTraffic(this.memory.region(REGION_BACKEND_COUNTERS).base, this.memory.backendRecords, index);
  }

  private sumCounter(offset: number): number {
    const { base } = this.memory.region(REGION_COUNTERS);
    return this.sum((worker) => base + worker * COUNTERS_BYTES + offset);
  }

  private sumKatran(counter: number): number {
    const { base, bytes } = this.memory.region(REGION_KATRAN);
    const first = base + bytes - this.memory.shape.workers * KATRAN_WORKER_BYTES + KATRAN_COUNTERS;
    return this.sum((worker) => first + worker * KATRAN_WORKER_BYTES + counter * 8);
  }

  private sumTraffic(base: number, records: number, index: number): Traffic {
    const at = (worker: number): number => base + (worker * records + index) * COUNT_BYTES;
    return {
      packets: this.sum((worker) => at(worker) + COUNT_PACKETS),
      octets: this.sum((worker) => at(worker) + COUNT_OCTETS),
    };
  }

  private sum(at: (worker: number) => number): number {
    let total = 0;
    for (let worker = 0; worker < this.memory.shape.workers; worker++) {
      total += Number(this.memory.view.getBigUint64(at(worker), true));
    }
    return total;
  }
}

function less(traffic: Traffic, baseline: Traffic | undefined): Traffic {
  if (baseline === undefined) return traffic;
  return { packets: traffic.packets - baseline.packets, octets: traffic.octets - baseline.octets };
}
