import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { libc } from '../../host/linux/libc.js';
import { errnoError, syscallError } from '../../host/linux/syscallError.js';

const Errors = suite('linux/syscallError');
const PACKET = new URL('../../host/linux/packetSocket.js', import.meta.url).href;
const WAKE = new URL('../../host/linux/wake.js', import.meta.url).href;

/** What `script` prints, as a module of its own process, started by `command`. */
function printed(command: readonly string[], script: string): string {
  const [file = '', ...args] = [...command, process.execPath, '--input-type=module', '-e', script];
  const { stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8', timeout: 20_000 });
  return error?.message ?? (stdout || stderr);
}

const asError = (module: string, work: string) => `
  const m = await import(${JSON.stringify(module)});
  try { ${work} } catch (e) { console.log(JSON.stringify([e.name, e.code, e.errno, e.message])); }`;

Errors('names the call, the thing, the errno and what helps', () => {
  assert.is(libc().close(-1), -1);
  const error = syscallError('close', 'eth0');
  assert.is(error.message, 'close(2) on eth0: EBADF');
  assert.is(error.code, 'ERR_SYSCALL');
  assert.is(error.errno, 'EBADF');
  assert.is(
    errnoError('setsockopt PACKET_RX_RING', 'eth0', 12, { ENOMEM: 'fewer frames' }).message,
    'setsockopt(2) PACKET_RX_RING on eth0: ENOMEM; fewer frames',
  );
  assert.is(errnoError('sendto', 'eth0', 11).errno, 'EAGAIN');
  assert.is(errnoError('sendto', 'eth0', 95).errno, 'EOPNOTSUPP');
  assert.is(errnoError('sendto', 'eth0', 4000).message, 'sendto(2) on eth0: errno 4000');
});

// In a user namespace of its own a process has no rights over the network namespace it was started in.
const hasUserNamespaces = spawnSync('unshare', ['-r', 'true']).status === 0;
if (!hasUserNamespaces) console.log('skipped: EPERM: this kernel gives no user namespaces');
(hasUserNamespaces ? Errors : Errors.skip)('a packet socket without CAP_NET_RAW', () => {
  assert.is(
    printed(['unshare', '-r'], asError(PACKET, "m.packetSocket('eth0');")).trim(),
    '["MaglevError","ERR_SYSCALL","EPERM","socket(2) on eth0: EPERM; AF_PACKET needs CAP_NET_RAW"]',
  );
});

Errors('no descriptors left', () => {
  const limited = ['sh', '-c', 'ulimit -n 40; exec "$@"', 'sh'];
  assert.is(
    printed(limited, asError(WAKE, 'for (;;) m.openWake();')).trim(),
    JSON.stringify([
      'MaglevError',
      'ERR_SYSCALL',
      'EMFILE',
      'eventfd(2) on the wake-up of a worker: EMFILE; ' +
        'this process has too many open files: raise its limit (ulimit -n, LimitNOFILE=)',
    ]),
  );
});

Errors.run();
