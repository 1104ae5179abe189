import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { POLLIN, Poller } from '../../host/linux/poller.js';
import { onReadable } from '../../host/linux/readable.js';
import { openWake } from '../../host/linux/wake.js';

const Wake = suite('linux/wake');
const POLLER = new URL('../../host/linux/poller.js', import.meta.url).href;
const WAKE = new URL('../../host/linux/wake.js', import.meta.url).href;

Wake('is readable from wake() until drain(), however often it was called', () => {
  const wake = openWake();
  const poller = new Poller([{ fd: wake.fd, events: POLLIN }]);
  assert.is(poller.wait(0), 0);
  assert.is(poller.ready(0), 0);
  assert.is(wake.drain(), false);
  wake.wake();
  wake.wake();
  assert.is(poller.wait(0), 1);
  assert.is(poller.ready(0), POLLIN);
  assert.is(wake.drain(), true);
  assert.is(poller.wait(0), 0);
  wake.close();
  wake.close();
  wake.wake();
});

Wake('ends the sleep of a thread in under 50 ms', async () => {
  const wake = openWake();
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    (async () => {
      const { Poller, POLLIN } = await import(${JSON.stringify(POLLER)});
      const { attachWake } = await import(${JSON.stringify(WAKE)});
      const poller = new Poller([{ fd: workerData, events: POLLIN }]);
      parentPort.postMessage('asleep');
      const count = poller.wait(10_000);
      parentPort.postMessage([count, attachWake(workerData).drain()]);
    })();`;
  const worker = new Worker(code, { eval: true, workerData: wake.fd });
  const messages: unknown[] = [];
  let wokenMs = 0;
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  worker.on('message', (message) => {
    messages.push(message);
    if (message === 'asleep') {
      wokenMs = performance.now();
      wake.wake();
    } else {
      wokenMs = performance.now() - wokenMs;
    }
  });
  await ended;
  assert.equal(messages, ['asleep', [1, true]]);
  assert.ok(wokenMs < 50, `${wokenMs} ms`);
  wake.close();
});

Wake('onReadable() calls back while there is something to read, and not after close()', async () => {
  const wake = openWake();
  let calls = 0;
  let microtasks = 0;
  const readable = onReadable(wake.fd, () => {
    calls += 1;
    void Promise.resolve().then(() => (microtasks += 1));
    if (calls === 3) wake.drain();
  });
  wake.wake();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.is(calls, 3);
  assert.is(microtasks, 3);
  wake.wake();
  readable.close();
  readable.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.is(calls, 3);
  wake.close();
});

Wake.run();
