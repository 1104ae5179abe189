// All of forward.test.ts once more without privileges: as an ordinary user would run it, root only in a user namespace of its own.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { labEnv, labSupport } from '../../host/demo/lab/holder.js';

const FILE = fileURLToPath(new URL('./forward.test.js', import.meta.url));
const TIMEOUT_MS = 120_000;
const TITLE = 'forward.test in a user namespace of its own';

const Unprivileged = suite('live/unprivileged');
const { reason } = labSupport(['user']);
if (reason !== undefined) console.log(`skipped: live/unprivileged: ${TITLE}: ${reason}`);

(reason === undefined ? Unprivileged : Unprivileged.skip)(TITLE, () => {
  const args = ['--user', '--map-root-user', '--net', '--kill-child', process.execPath, FILE];
  const { status, stdout } = spawnSync('unshare', args, { env: labEnv(), encoding: 'utf8', timeout: TIMEOUT_MS });
  const [, passed] = /Passed: +(\d+)/.exec(stdout) ?? [];
  const [, total] = /Total: +(\d+)/.exec(stdout) ?? [];
  assert.ok(status === 0 && passed === total && Number(total) > 0, stdout);
});

Unprivileged.run();
