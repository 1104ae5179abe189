import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { effectiveBackends } from '../../host/membership/effective.js';
import type { Backend, BackendState } from '../../host/membership/event.js';

const Effective = suite('membership/effective');

const VIP = {};
const backend = (host: number, weight?: number, state?: BackendState): Backend => ({
  vip: 'tcp/192.0.2.80:80',
  address: `10.0.0.${host}`,
  ...(weight === undefined ? {} : { weight }),
  ...(state === undefined ? {} : { state }),
});

/** `9x3 10x1`: host and weight, in order. */
const brief = (list: { address: string; weight: number }[]) =>
  list.map(({ address, weight }) => `${address.split('.')[3]}x${weight}`).join(' ');

function summary(backends: Backend[], panicShare?: number) {
  const { table, previousTable, canServe, panic } = effectiveBackends(VIP, backends, panicShare);
  const serving = [...canServe].map((address) => address.split('.')[3]).join(' ');
  return { table: brief(table), previous: brief(previousTable), canServe: serving, panic };
}

Effective('active is in the table, draining keeps flows only, down loses all', () => {
  const backends = [backend(1), backend(2, 3), backend(3, 2, 'draining'), backend(4, 5, 'down'), backend(5, 0)];
  assert.equal(summary(backends), { table: '1x1 2x3', previous: '1x1 2x3 3x2', canServe: '1 2 3 5', panic: 'none' });
});

Effective('the order of the address bytes, not of their text, nor of arrival', () => {
  const backends = [backend(100), backend(9), backend(10), backend(2)];
  assert.is(summary(backends).table, '2x1 9x1 10x1 100x1');
  assert.equal(summary(backends.reverse()), summary(backends));
});

Effective('no active weight left: the draining ones serve, weight 0 counting 1', () => {
  assert.equal(summary([backend(1, 4, 'draining'), backend(2, 0), backend(3, 7, 'down')]), {
    table: '1x4 2x1',
    previous: '1x4',
    canServe: '1 2',
    panic: 'draining',
  });
});

Effective('only down ones left: they serve, rather than nobody', () => {
  assert.equal(summary([backend(1, 4, 'down'), backend(2, 0, 'down')]), {
    table: '1x4 2x1',
    previous: '1x4 2x1',
    canServe: '1 2',
    panic: 'down',
  });
});

Effective('panicShare is compared with the registered weight: draining and down ones count in it', () => {
  // 2 of 8 active: exactly a quarter is not below a quarter.
  const backends = [backend(1, 2), backend(2, 3, 'draining'), backend(3, 3, 'down')];
  assert.is(summary(backends, 0.25).panic, 'none');
  assert.equal(summary(backends, 0.2501), {
    table: '1x2 2x3',
    previous: '1x2 2x3',
    canServe: '1 2',
    panic: 'draining',
  });
  assert.is(summary(backends, 1).panic, 'draining');
  assert.is(summary([backend(1, 2), backend(2, 3)], 1).panic, 'none');
});

Effective('default: one active backend of a hundred is no panic', () => {
  const drained = Array.from({ length: 99 }, (_, index) => backend(index + 2, 1, 'draining'));
  const { table, panic } = effectiveBackends(VIP, [backend(1), ...drained]);
  assert.is(panic, 'none');
  assert.is(brief(table), '1x1');
});

Effective('no backend at all', () => {
  assert.equal(summary([]), { table: '', previous: '', canServe: '', panic: 'none' });
});

Effective('one backend of weight 0 still serves', () => {
  assert.equal(summary([backend(1, 0)]), { table: '1x1', previous: '1x1', canServe: '1', panic: 'draining' });
});

Effective('encapsulation: its own, else that of the VIP, else L2', () => {
  const own: Backend = { ...backend(2), encap: { type: 'l2' } };
  const types = (vip: Parameters<typeof effectiveBackends>[0]) =>
    effectiveBackends(vip, [backend(1), own]).table.map(({ encap }) => encap.type);
  assert.equal(types({}), ['l2', 'l2']);
  assert.equal(types({ encap: { type: 'ipip' } }), ['ipip', 'l2']);
});

Effective.run();
