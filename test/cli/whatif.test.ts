// `maglev-dsr plan` and `maglev-dsr explain` as a user runs them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const MAIN = fileURLToPath(new URL('../../host/cli/main.js', import.meta.url));
const WhatIf = suite('cli/whatif');
let folder = '';
const at = (name: string): string => join(folder, name);

WhatIf.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'maglev-dsr-test-'));
  const members = (backends: string) =>
    `vips:\n  - { address: 192.0.2.80, protocol: tcp, port: 80, tableSize: 1009, backends: [${backends}] }\n`;
  writeFileSync(at('members.yaml'), members('10.0.1.1, 10.0.1.2'));
  writeFileSync(at('more.yaml'), members('10.0.1.1, 10.0.1.2, 10.0.1.3'));
  writeFileSync(at('none.yaml'), members(''));
  writeFileSync(at('broken.yaml'), members('{ address: 10.0.1.1, weight: -3 }'));
  writeFileSync(
    at('lb.yaml'),
    'interfaces: [{ name: eth0 }]\nmembership: { file: members.yaml }\nhashSecretFile: secret\n',
  );
  writeFileSync(at('secret'), 'a secret of the fleet\n');
});
WhatIf.after(() => rmSync(folder, { recursive: true, force: true }));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr: stderr.replaceAll(folder, '') };
}

WhatIf('plan: a third backend gets its third, and what the others give', () => {
  const { status, stdout, stderr } = run(
    'plan',
    at('members.yaml'),
    at('more.yaml'),
    '--hash-secret-file',
    at('secret'),
    '--json',
  );
  assert.is(status, 0, stderr);
  const [plan, ...others] = JSON.parse(stdout);
  assert.is(others.length, 0);
  assert.equal([plan.vip, plan.change, plan.slotCount], ['tcp/192.0.2.80:80', 'changed', 1009]);
  const slots = Object.fromEntries(
    plan.backends.map((row: { address: string; slotsAfter: number }) => [row.address, row.slotsAfter]),
  );
  assert.equal(slots, { '10.0.1.1': 337, '10.0.1.2': 336, '10.0.1.3': 336 });
  assert.is(plan.necessary, 336);
  assert.is(plan.slotsMoved, plan.necessary + plan.collateral);
});

WhatIf('plan: in words, and what leaves nobody says so', () => {
  const { status, stdout } = run('plan', at('members.yaml'), at('none.yaml'));
  assert.is(status, 0);
  assert.match(
    stdout,
    /^tcp\/192\.0\.2\.80:80: changed; 1009 of 1009 slots move, 100\.00 %: 1009 necessary, 0 collateral\n {2}NO BACKEND IS LEFT\n/,
  );
  assert.is(run('plan', at('members.yaml'), at('members.yaml')).stdout, 'nothing moves\n');
});

WhatIf('plan refuses a file as apply does', () => {
  const { status, stdout, stderr } = run('plan', at('members.yaml'), at('broken.yaml'));
  assert.is(status, 1);
  assert.is(stdout, '');
  assert.match(stderr, /broken\.yaml: weight -3 for backend 10\.0\.1\.1.*, expected 0\.\.65535/);
});

WhatIf('explain: a flow, in words and as JSON', () => {
  const flow = ['tcp', '203.0.113.7:40000', '192.0.2.80:80', '--syn'];
  const { status, stdout, stderr } = run('explain', '--config', at('lb.yaml'), ...flow);
  assert.is(status, 0, stderr);
  assert.match(stdout, /^parse {4}TCP over IPv4, 203\.0\.113\.7 port 40000 to 192\.0\.2\.80 port 80, SYN\n/);
  assert.match(stdout, /\nverdict {2}FORWARD_L2: .*\n$/);
  const again = run('explain', '--config', at('lb.yaml'), ...flow, '--json');
  const steps = JSON.parse(again.stdout).map(({ step }: { step: string }) => step);
  assert.equal(steps, ['parse', 'vip', 'hash', 'slot', 'backend', 'encap', 'verdict']);
});

WhatIf('explain: a frame in hex, and what is wrong with the question', () => {
  const { stdout } = run('explain', '--config', at('lb.yaml'), '--frame', '02:00:00:00:00:01');
  assert.match(stdout, /verdict {2}DROP_TRUNCATED: shorter than its headers say\n$/);
  for (const [args, message] of [
    [['--frame', 'xyz'], '--frame "xyz" must be pairs of hex digits'],
    [['tcp', '203.0.113.7', '192.0.2.80:80'], 'source "203.0.113.7" must be ADDRESS:PORT or [ADDRESS]:PORT'],
    [['gre', '203.0.113.7:1', '192.0.2.80:80'], 'protocol "gre" must be tcp, udp or sctp'],
    [[], 'flow "" or --frame must be given, not both'],
  ] as const) {
    const { status, stderr } = run('explain', '--config', at('lb.yaml'), ...args);
    assert.is(status, 1);
    assert.is(stderr, `maglev-dsr: ${message}\n`);
  }
});
WhatIf.run();
