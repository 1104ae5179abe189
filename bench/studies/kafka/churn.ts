// bench/studies/kafka/churn.ts: what 100 changes a second cost the frames: how long each of 1,000 frames a second takes through the
// balancer and back, in turn without changes and with them.
import { setImmediate } from 'node:timers/promises';
import type { Publisher, TopicEntry } from '../../../host/membership/sources/kafka.js';
import type { Figure } from '../../studies.js';
import type { Setting } from './driver.js';
import { percentile } from './percentile.js';
import { nowMs } from './prober.js';
import { backendEntry } from './records.js';
import { BACKENDS, type Scene, VIP, withScene } from './scene.js';

const FRAMES = 10_000;
const FRAME_SPACING_MS = 1;
const FRAMES_A_CHANGE = 10;
const LOST_SHARE_MAX = 0.001;

export function measureChurn(setting: Setting): Promise<Figure[]> {
  return withScene(setting, async (scene) => {
    const [quiet, churn]: [number[][], number[][]] = [[], []];
    const publications: number[] = [];
    for (let round = 0; round < setting.rounds; round++) {
      setting.onStep(`round ${round + 1} of ${setting.rounds}, quiet`);
      quiet.push(await latencies(scene, () => undefined));
      setting.onStep(`round ${round + 1} of ${setting.rounds}, 100 changes a second`);
      const before = scene.balancer.applied.length;
      const startMs = nowMs();
      churn.push(await underChurn(scene));
      publications.push(((scene.balancer.applied.length - before) * 1000) / (nowMs() - startMs));
    }
    const figure = (name: string, of: number[][], share: number): Figure => ({
      name: `membership.churn.${name}`,
      unit: 'ms',
      rounds: of.map((times) => percentile(times, share)),
    });
    return [
      figure('quiet.p50', quiet, 0.5),
      figure('quiet.p99', quiet, 0.99),
      figure('p50', churn, 0.5),
      figure('p99', churn, 0.99),
      { name: 'membership.churn.publications', unit: 'a second', rounds: publications },
    ];
  });
}

/** Sends frames at an even pace; `beside` runs before each. */
async function latencies({ prober, flows, frame }: Scene, beside: (frame: number) => void): Promise<number[]> {
  const times: number[] = [];
  const startMs = nowMs();
  for (let i = 0; i < FRAMES; i++) {
    beside(i);
    await setImmediate(); // for the producer
    prober.sleep(startMs + i * FRAME_SPACING_MS - nowMs());
    times.push(prober.roundTrip(frame, flows.take(i % BACKENDS)));
  }
  const lost = times.filter((time) => time === Number.POSITIVE_INFINITY).length;
  if (lost > FRAMES * LOST_SHARE_MAX) throw new Error(`${lost} of ${FRAMES} frames did not come out again`);
  return times;
}

/** Backends drain and become active again, one after the other. */
async function underChurn(scene: Scene): Promise<number[]> {
  const line = new Line(scene.publisher);
  const times = await latencies(scene, (i) => {
    if (i % FRAMES_A_CHANGE !== 0) return;
    const change = i / FRAMES_A_CHANGE;
    line.add(backendEntry(VIP, (change >> 1) % BACKENDS, change % 2 === 0 ? 'draining' : 'active'));
  });
  await line.empty();
  return times;
}

/** Entries for a publisher that takes one call at a time: what comes meanwhile goes with the next. */
class Line {
  private waiting: TopicEntry[] = [];
  private working: Promise<void> | undefined;

  constructor(private readonly publisher: Publisher) {}

  add(entry: TopicEntry): void {
    this.waiting.push(entry);
    this.working ??= this.work();
  }

  async empty(): Promise<void> {
    await this.working;
  }

  private async work(): Promise<void> {
    while (this.waiting.length > 0) await this.publisher.publish(this.waiting.splice(0));
    this.working = undefined;
  }
}
