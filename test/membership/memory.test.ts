import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MaglevError } from '../../host/errors.js';
import type { Applied, Change } from '../../host/membership/event.js';
import { memorySource } from '../../host/membership/sources/memory.js';
import { rejection } from '../support/rejection.js';
import { bounded, Listener } from './support.js';

const Memory = suite('membership/sources/memory');

const VIP: Change = { put: { address: '2001:DB8::80', protocol: 'tcp', port: 80 } };
const CANONICAL: Change = { put: { address: '2001:db8::80', protocol: 'tcp', port: 80 } };
const APPLIED: Applied = { generation: 3, slotsMoved: 65537, buildMs: 1.5 };

Memory(
  'initial records, caught up, then what apply says',
  bounded(2000, async (signal) => {
    const source = memorySource([VIP]);
    const early = source.apply([{ remove: 'tcp/[2001:db8::80]:81' }]);
    const listener = new Listener(source, signal);
    assert.equal((await listener.next('changes')).changes, [CANONICAL]);
    await listener.next('caughtUp');
    const event = await listener.next('changes');
    assert.equal(event.changes, [{ remove: 'tcp/[2001:db8::80]:81' }]);
    event.applied?.(APPLIED);
    event.applied?.(new Error('told twice'));
    assert.equal(await early, APPLIED);
    assert.ok((await listener.end()) < 100);
  }),
);

Memory(
  'a bad change rejects, names the refusal, and tells nothing',
  bounded(2000, async (signal) => {
    const source = memorySource();
    const listener = new Listener(source, signal);
    await listener.next('caughtUp');
    const bad = { put: { vip: 'tcp/192.0.2.80:80', address: '10.0.1.9', weight: -3 } };
    const error = await rejection(source.apply([VIP, bad]));
    assert.is(error.code, 'ERR_RECORD');
    assert.is(error.option, 'weight');
    assert.is(error.rule, 'expected 0..65535');
    assert.is(error.message, 'change 2: weight -3 for backend 10.0.1.9, expected 0..65535; changes ignored');
    assert.is(listener.events.length, 1);
    assert.throws(() => memorySource([bad]), /weight -3/);
    await listener.end();
  }),
);

Memory(
  'what the balancer refuses rejects',
  bounded(2000, async (signal) => {
    const source = memorySource();
    const listener = new Listener(source, signal);
    const applying = rejection(source.apply([VIP]));
    (await listener.next('changes')).applied?.(new MaglevError('ERR_LIMIT', 'no room for its table'));
    assert.is((await applying).message, 'no room for its table');
    await listener.end();
  }),
);

Memory(
  'a closed balancer rejects what waits and what comes later; a second reader is refused',
  bounded(2000, async (signal) => {
    const source = memorySource();
    const listener = new Listener(source, signal);
    await listener.next('caughtUp');
    const waiting = rejection(source.apply([VIP]));
    const second = rejection(source.events(signal)[Symbol.asyncIterator]().next());
    assert.is((await second).code, 'ERR_BUSY');
    await listener.end();
    assert.is((await waiting).code, 'ERR_CLOSED');
    assert.is((await rejection(source.apply([VIP]))).code, 'ERR_CLOSED');
  }),
);

Memory.run();
