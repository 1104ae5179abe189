// bench/studies/kafka/apply.ts: from handing a record to the producer until a frame leaves as that record says. Backends of one VIP are
// drained and made active again, one at a time, while new connections come that the table gives to just that backend.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Figure } from '../../studies.js';
import type { Setting } from './driver.js';
import { percentile } from './percentile.js';
import { nowMs } from './prober.js';
import { backendEntry, backendNumber } from './records.js';
import { BACKENDS, type Scene, VIP, withScene } from './scene.js';

const EVENTS = 1000;
const AIM_P99_MS = 20;
/** Between two changes, ms: each is a publication of its own. */
const PAUSE_MS = 5;

export function measureApply(setting: Setting): Promise<Figure[]> {
  return withScene(setting, async (scene) => {
    const runs: number[][] = [];
    for (let round = 0; round < setting.rounds; round++) {
      const times: number[] = [];
      for (let event = 0; event < EVENTS; event++) {
        if (event % 100 === 0) setting.onStep(`run ${round + 1} of ${setting.rounds}, ${event} of ${EVENTS} changes`);
        times.push(await timeOne(scene, round * EVENTS + event));
        await sleep(PAUSE_MS);
      }
      runs.push(times);
    }
    const figure = (name: string, share: number, aim?: number): Figure => ({
      name: `membership.apply.${name}`,
      unit: 'ms',
      rounds: runs.map((times) => percentile(times, share)),
      ...(aim !== undefined && { aim }),
    });
    return [figure('p50', 0.5), figure('p99', 0.99, AIM_P99_MS), figure('max', 1)];
  });
}

async function timeOne({ publisher, prober, flows, frame }: Scene, event: number): Promise<number> {
  const backend = (event >> 1) % BACKENDS;
  const isDrain = event % 2 === 0;
  const address = backendNumber(backend);
  const isNew = (to: number): boolean => (to === address) !== isDrain;
  prober.seeOld(frame, flows.take(backend), isNew);
  const startMs = nowMs();
  const acknowledged = publisher.publish([backendEntry(VIP, backend, isDrain ? 'draining' : 'active')]);
  const movedMs = prober.untilMoved(frame, () => flows.take(backend), isNew);
  await acknowledged;
  return movedMs - startMs;
}
