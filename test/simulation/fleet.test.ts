// How many connections break in a fleet, with each kind of tracking: test/simulation/fleet.ts. FLEET_FLOWS and FLEET_STEPS make it
// larger; ARCHITECTURE.md has the figures of a large run.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Scenario, simulate, type Toll } from './fleet.js';

const FleetOf = suite('simulation/fleet');
const FLOWS = Number(process.env.FLEET_FLOWS ?? 1500);
const STEPS = Number(process.env.FLEET_STEPS ?? 72);
const SCENARIO = { seed: 20261124, backends: 50, flows: FLOWS, steps: STEPS } as const;

async function run(title: string, scenario: Omit<Scenario, 'tracking'>): Promise<Record<Scenario['tracking'], Toll>> {
  const tolls = {
    changed: await simulate({ ...scenario, tracking: 'changed' }),
    all: await simulate({ ...scenario, tracking: 'all' }),
    none: await simulate({ ...scenario, tracking: 'none' }),
  };
  for (const [tracking, toll] of Object.entries(tolls)) {
    const share = ((100 * toll.broken) / toll.flows).toFixed(3);
    console.log(`${title}, ${tracking}: ${share} % broken: ${JSON.stringify(toll)}`);
  }
  return tolls;
}

FleetOf('backends come and go, flows stay with their balancer: tracking breaks none', async () => {
  const tolls = await run('steady', { ...SCENARIO, balancers: 4, changeEvery: 4, respreadEvery: 0 });
  assert.is(tolls.changed.broken, 0);
  assert.is(tolls.all.broken, 0);
  assert.ok(tolls.none.broken > 100, `without tracking ${tolls.none.broken} break`);
});

FleetOf('balancers come and go, backends stay: nothing breaks, as every balancer has the same table', async () => {
  const tolls = await run('respread', { ...SCENARIO, balancers: 4, changeEvery: 0, respreadEvery: 6 });
  for (const toll of Object.values(tolls)) assert.is(toll.broken, 0);
});

FleetOf(
  'both at once: what a balancer that never saw a flow cannot know breaks, and less than without tracking',
  async () => {
    const both = { ...SCENARIO, balancers: 4, changeEvery: 4, respreadEvery: 6 };
    const modulo = await run('both, routers by modulo', both);
    const resilient = await run('both, resilient routers', { ...both, isResilient: true });
    assert.ok(2 * modulo.changed.broken < modulo.none.broken);
    assert.ok(4 * resilient.changed.broken < resilient.none.broken);
  },
);

FleetOf.run();
