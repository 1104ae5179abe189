import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type DrainTarget, drainStates, isDrainedEverywhere } from '../../host/fleet/drainStanding.js';
import type { BalancerView } from '../../host/fleet/view.js';

const Standing = suite('fleet/drainStanding');

const WEB = 'tcp/192.0.2.80:80';
const TOPIC = 'balancer-members';
const NOW = 1_000_000;
const target: DrainTarget = { vip: WEB, address: '10.0.1.9', place: { partition: 1, offset: 41 } };

/** A balancer that has read the record, and says `backends` of the VIP. */
function balancer(
  id: string,
  backends: { address: string; isDrained?: boolean }[] | undefined,
  record: object = {},
  view: Partial<BalancerView> = {},
): BalancerView {
  const tables = backends === undefined ? [] : [[WEB, { backends }]];
  return {
    id,
    record: { topic: TOPIC, offsets: { 1: 42 }, isReady: true, ...record },
    reportedAtMs: NOW - 1000,
    tables: new Map(tables as never),
    isComplete: true,
    isTwofold: false,
    ...view,
  } as unknown as BalancerView;
}

const states = (balancers: BalancerView[], scope?: string) =>
  drainStates({ balancers, unreadable: [] }, [target], { topic: TOPIC, scope, nowMs: NOW });
const standing = (one: BalancerView): string | undefined => states([one])[0]?.standing;

Standing('has flows until the balancer says that nothing is left', () => {
  assert.is(standing(balancer('a', [{ address: '10.0.1.9' }])), 'flows');
  assert.is(standing(balancer('a', [{ address: '10.0.1.9', isDrained: true }])), 'drained');
});

Standing('a backend, or a VIP, that the balancer does not have has nothing left there', () => {
  assert.is(standing(balancer('a', [{ address: '10.0.1.10' }])), 'drained');
  assert.is(standing(balancer('a', undefined)), 'drained');
});

Standing('what a balancer says before it has read the record counts for nothing', () => {
  const drained = [{ address: '10.0.1.9', isDrained: true }];
  assert.is(standing(balancer('a', drained, { offsets: { 1: 41 } })), 'behind');
  assert.is(standing(balancer('a', drained, { offsets: { 0: 100 } })), 'behind');
  assert.is(standing(balancer('a', drained, {}, { isComplete: false })), 'reporting');
  assert.is(standing(balancer('a', drained, {}, { reportedAtMs: NOW - 15_001 })), 'silent');
  assert.is(standing(balancer('a', drained, {}, { reportedAtMs: NOW - 15_000 })), 'drained');
});

Standing('asks those who follow the topic and take the record', () => {
  const other = balancer('other topic', [{ address: '10.0.1.9' }], { topic: 'else' });
  const core = balancer('core', [{ address: '10.0.1.9' }], { scope: 'core' });
  const edge = balancer('edge', [{ address: '10.0.1.9' }], { scope: 'edge' });
  const ids = (scope?: string) => states([other, core, edge], scope).map(({ id }) => id);
  assert.equal(ids(), ['core', 'edge']);
  assert.equal(ids('edge'), ['edge']);
});

Standing('is drained when every balancer says so, and there is one', () => {
  const yes = balancer('a', [{ address: '10.0.1.9', isDrained: true }]);
  const no = balancer('b', [{ address: '10.0.1.9' }]);
  assert.is(isDrainedEverywhere(states([])), false);
  assert.is(isDrainedEverywhere(states([yes])), true);
  assert.is(isDrainedEverywhere(states([yes, no])), false);
});

Standing.run();
