import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { lockInterface } from '../../host/linux/lock.js';
import { errorOf, inNetns, Peer, run, until } from './netns.js';

const LOCK = fileURLToPath(new URL('../../host/linux/lock.js', import.meta.url));
const HOLD = `import { lockInterface } from ${JSON.stringify(LOCK)};
  lockInterface({ name: 'eth0', ifindex: 7 });
  console.log('held');
  process.stdin.resume();`;

await inNetns(import.meta.url, (suite) => {
  const Lock = suite('linux/lock');

  Lock('names the process that has the interface, and is free when that was killed', async () => {
    const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLD], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      await once(holder.stdout, 'data');
      const error = await errorOf(() => lockInterface({ name: 'eth0', ifindex: 7 }));
      assert.is(error.message, `eth0 is already balanced by pid ${holder.pid}`);
      assert.is(error.code, 'ERR_BUSY');
      lockInterface({ name: 'eth1', ifindex: 8 }).close();
    } finally {
      holder.kill('SIGKILL');
    }
    await once(holder, 'exit');
    lockInterface({ name: 'eth0', ifindex: 7 }).close();
  });

  Lock('is held once even in one process, and given back by close()', async () => {
    const lock = lockInterface({ name: 'eth0', ifindex: 7 });
    const error = await errorOf(() => lockInterface({ name: 'eth0', ifindex: 7 }));
    assert.is(error.message, `eth0 is already balanced by this process (pid ${process.pid})`);
    lock.close();
    lock.close();
    lockInterface({ name: 'eth0', ifindex: 7 }).close();
  });

  Lock('a decapsulator and a balancer may have one interface together, two of a kind not', async () => {
    const iface = { name: 'eth0', ifindex: 7 };
    const locks = [lockInterface(iface), lockInterface(iface, 'decapsulated')];
    const error = await errorOf(() => lockInterface(iface, 'decapsulated'));
    assert.is(error.message, `eth0 is already decapsulated by this process (pid ${process.pid})`);
    for (const lock of locks) lock.close();
  });

  Lock('another network namespace has locks of its own', async () => {
    const lock = lockInterface({ name: 'eth0', ifindex: 7 });
    const peer = await Peer.open();
    try {
      const script = HOLD.replace('process.stdin.resume();', '');
      assert.is(peer.run(process.execPath, '--input-type=module', '-e', script), 'held\n');
    } finally {
      peer.close();
      lock.close();
    }
  });

  Lock('leaves no socket behind', async () => {
    const names = () =>
      run('cat', '/proc/self/net/unix')
        .split('\n')
        .filter((line) => line.includes('@maglev-dsr'));
    const lock = lockInterface({ name: 'eth0', ifindex: 7 });
    assert.is(names().length, 1);
    await errorOf(() => lockInterface({ name: 'eth0', ifindex: 7 }));
    lock.close();
    await until('no socket', () => names().length === 0);
  });

  Lock.run();
});
