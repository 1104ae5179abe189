// `maglev-dsr keygen`, and who may use what it makes.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { signerOf } from '../../host/cli/signOptions.js';
import { isRefusal, readTopicRecord, type TopicRecord } from '../../host/membership/validate.js';
import { Verifier } from '../../host/membership/verifier.js';

const MAIN = fileURLToPath(new URL('../../host/cli/main.js', import.meta.url));
const Keygen = suite('cli/keygen');
let folder = '';
const at = (name: string): string => join(folder, name);

Keygen.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'maglev-dsr-test-'));
});
Keygen.after(() => rmSync(folder, { recursive: true, force: true }));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr: stderr.replaceAll(folder, '') };
}

Keygen('a pair that signs and verifies; the private half for its owner alone; never written over', () => {
  const { status, stdout } = run('keygen', 'ops-1', '--dir', folder, '--json');
  assert.is(status, 0);
  const files = { privateKey: at('ops-1.key.pem'), publicKey: at('ops-1.pub.pem') };
  assert.equal(JSON.parse(stdout), { id: 'ops-1', ...files });
  assert.equal([statSync(files.privateKey).mode & 0o777, statSync(files.publicKey).mode & 0o777], [0o600, 0o644]);
  const signer = signerOf({ signKey: files.privateKey });
  assert.is(signer?.keyId, 'ops-1');
  const key = 'tcp/192.0.2.80:80';
  const value = signer?.sign({ topic: 'members', key, value: null }) as string;
  const record = readTopicRecord(Buffer.from(key), Buffer.from(value), { where: 'here', ignored: 'event' });
  assert.not(isRefusal(record));
  const verifier = new Verifier('members', { verifyKeys: [{ id: 'ops-1', file: files.publicKey }] });
  assert.is(verifier.judge(record as TopicRecord, { partition: 0, offset: 0, timestampMs: 0 }), 'taken');

  const before = readFileSync(files.privateKey, 'utf8');
  const again = run('keygen', 'ops-1', '--dir', folder);
  assert.equal(again, { status: 1, stdout: '', stderr: 'maglev-dsr: /ops-1.key.pem is there already: left alone\n' });
  assert.is(readFileSync(files.privateKey, 'utf8'), before);
  assert.match(run('keygen', 'ops 2').stderr, /^maglev-dsr: name "ops 2" expected a name of 1\.\.64 letters/);
});

Keygen('apply refuses a key that others can read, one that is none, and a name without a key', () => {
  writeFileSync(at('members.yaml'), 'vips: []\n');
  run('keygen', 'ops-3', '--dir', folder);
  const apply = (...args: string[]) =>
    run('apply', at('members.yaml'), '--brokers', '127.0.0.1:1', '--topic', 'members', ...args).stderr;
  chmodSync(at('ops-3.key.pem'), 0o640);
  assert.match(
    apply('--sign-key', at('ops-3.key.pem')),
    /^maglev-dsr: --sign-key "\/ops-3\.key\.pem" has mode 0640, so others can use it: chmod 600 /,
  );
  chmodSync(at('ops-3.pub.pem'), 0o600);
  assert.match(
    apply('--sign-key', at('ops-3.pub.pem')),
    /privateKey "\(not shown\)" must be an Ed25519 private key in PEM/,
  );
  assert.match(apply('--sign-key', at('none.pem')), /^maglev-dsr: --sign-key "\/none\.pem" cannot be read: ENOENT/);
  assert.match(apply('--sign-id', 'ops-3'), /--sign-id "ops-3" needs --sign-key/);
});

Keygen('a configuration names keys by their files; check says what is wrong with them', () => {
  run('keygen', 'ops-4', '--dir', folder);
  writeFileSync(at('secret'), 'a secret of the fleet\n');
  const check = (key: string, rest = '') => {
    const kafka = `{ brokers: ['127.0.0.1:1'], topic: members, verifyKeys: [${key}]${rest} }`;
    writeFileSync(
      at('lb.yaml'),
      `interfaces: [{ name: eth0 }]\nmembership: { kafka: ${kafka} }\nhashSecretFile: secret\n`,
    );
    const { status, stderr } = run('check', '--config', at('lb.yaml'));
    return status === 0 ? 'well' : stderr;
  };
  const dates = 'notBefore: 2026-11-01T00:00:00Z, notAfter: 2027-11-01T00:00:00+01:00';
  assert.is(check(`{ id: ops-4, file: ops-4.pub.pem, ${dates} }`, ', maxDelayMs: 60000'), 'well');
  assert.match(
    check('{ id: ops-4, file: ops-5.pub.pem }'),
    /verifyKeys\[0\]\.file ".*ops-5\.pub\.pem" cannot be read: ENOENT/,
  );
  assert.match(check('{ id: ops-4, file: ops-4.key.pem }'), /must be an Ed25519 public key in PEM \(SPKI\)/);
  assert.match(
    check('{ id: ops-4, file: ops-4.pub.pem, notAfter: tomorrow }'),
    /line 2: membership\.kafka\.verifyKeys\.0\.notAfter "tomorrow": expected a date such as 2026-11-25T00:00:00Z/,
  );
});

Keygen.run();
