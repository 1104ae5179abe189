// What a configuration says of who may look: defaults, paths, and what cannot be.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readSurfaces } from '../../host/cli/config.js';

const Config = suite('cli/config');
const folder = mkdtempSync(join(tmpdir(), 'maglev-dsr-config-'));
Config.after(() => rmSync(folder, { recursive: true }));

const KAFKA = 'membership: { kafka: { brokers: ["10.0.0.5:9092"], topic: members, scope: edge, tls: {} } }';

function surfaces(...lines: string[]): ReturnType<typeof readSurfaces> {
  const path = join(folder, 'balancer.yaml');
  writeFileSync(path, ['interfaces: [{ name: eth0 }]', ...lines].join('\n'));
  return readSurfaces(path);
}

Config('by default a control socket where status looks for it, and nothing else', () => {
  assert.equal(surfaces(KAFKA), { control: 'default', metrics: undefined, fleet: undefined });
  assert.is(surfaces(KAFKA, 'control: none').control, undefined);
});

Config('what is named; paths are relative to the file', () => {
  const { control, metrics, fleet } = surfaces(
    KAFKA,
    'control: { socket: lb.sock }',
    "metrics: { listen: '[::1]:9464' }",
    'fleet: { statusTopic: status, id: lb7, everyMs: 1000 }',
  );
  assert.is(control, join(folder, 'lb.sock'));
  assert.equal(metrics, { listen: '[::1]:9464' });
  assert.equal(fleet, {
    brokers: ['10.0.0.5:9092'],
    scope: 'edge',
    tls: {},
    statusTopic: 'status',
    id: 'lb7',
    everyMs: 1000,
  });
});

Config('what cannot be is refused by field', () => {
  assert.throws(() => surfaces(KAFKA, 'metrics: { listen: 9464 }'), /line 3: metrics\.listen 9464: /);
  assert.throws(() => surfaces(KAFKA, 'metrics: { listen: nine }'), /metrics\.listen "nine" must be ADDRESS:PORT/);
  assert.throws(() => surfaces(KAFKA, 'control: always'), /control "always": expected \{ socket: PATH \} or none/);
  assert.throws(
    () => surfaces(KAFKA, 'fleet: { statusTopic: members }'),
    /must be another topic than that of the members/,
  );
  const file = 'membership: { file: members.yaml }';
  assert.throws(() => surfaces(file, 'fleet: { statusTopic: status }'), /fleet "status" needs membership\.kafka/);
});

Config.run();
