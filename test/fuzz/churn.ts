// test/fuzz/churn.ts: membership changes while frames flow, the same for every hot path of a run.
import type { Backend, Change, Encap } from '../../host/membership/event.js';
import type { Dice } from './dice.js';
import { backendAddress, keyOf, SCENE, type SceneVip, writeWays } from './scene.js';
import type { Subject } from './subject.js';

const CHURNING = SCENE.filter(({ fate }) => fate === 'churn');

const ENCAPS: readonly Encap[] = [
  { type: 'l2' },
  { type: 'ipip' },
  { type: 'gre' },
  { type: 'gue' },
  { type: 'gue', variant: 0 },
  { type: 'l3dsr', dscp: 1 },
];

/** Makes one change to a VIP of the scene that promises nothing. */
export async function churn(subjects: readonly Subject[], dice: Dice): Promise<void> {
  const change = someChange(dice.pick(CHURNING), dice);
  for (const { hotPath, engine } of subjects) {
    await hotPath.apply([change]);
    writeWays(engine);
    await hotPath.tend();
  }
}

function someChange(vip: SceneVip, dice: Dice): Change {
  const address = backendAddress(vip, dice.pick(vip.backends));
  const key = keyOf(vip);
  if (dice.oneIn(6)) return { remove: `${key}/${address}` };
  const backend: Backend = { vip: key, address, weight: dice.below(4) };
  if (dice.oneIn(3)) backend.state = dice.pick(['active', 'draining', 'down'] as const);
  if (dice.oneIn(3)) backend.encap = dice.pick(ENCAPS);
  return { put: backend };
}
