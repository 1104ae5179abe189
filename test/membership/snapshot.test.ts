// The file of a snapshot: taken whole or not at all; and what a Kafka source writes into it, read back.

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatRefusal, refusalAt } from '../../host/membership/refusal.js';
import { readSnapshot, removeLeftovers, SNAPSHOT_BYTES_MAX, writeSnapshot } from '../../host/membership/snapshot.js';
import { decodeTopic, encodeTopic, type TopicSnapshot } from '../../host/membership/sources/kafkaSnapshot.js';
import { Verifier, type VerifyKey } from '../../host/membership/verifier.js';

const Snapshot = suite('membership/snapshot');

function inFolder(body: (folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-snapshot-'));
    try {
      await body(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

async function brokenRule(path: string): Promise<string> {
  const found = await readSnapshot(path);
  if (found === undefined || !('broken' in found)) throw new Error('it was taken');
  return formatRefusal(refusalAt({ where: 'snapshot', ignored: 'snapshot' }, found.broken));
}

Snapshot(
  'is what was written, for its owner alone, and nothing else is left in the folder',
  inFolder(async (folder) => {
    const path = join(folder, 'members');
    assert.is(await readSnapshot(path), undefined);
    await writeSnapshot(path, ['{"a":', '"\u00e4\u{1f600}"}']);
    assert.equal(await readSnapshot(path), { body: { a: '\u00e4\u{1f600}' } });
    await writeSnapshot(path, ['[2]']);
    assert.equal(await readSnapshot(path), { body: [2] });
    assert.is(statSync(path).mode & 0o7777, 0o600);
    assert.equal(readdirSync(folder), ['members']);
  }),
);

Snapshot(
  'its first line is what sha256sum says of the rest',
  inFolder(async (folder) => {
    const path = join(folder, 'members');
    await writeSnapshot(path, ['{"a":1}']);
    const sum = execFileSync('sh', ['-c', 'tail -n +2 "$0" | sha256sum', path], { encoding: 'utf8' }).slice(0, 64);
    assert.is(readFileSync(path, 'utf8'), `maglev-dsr-snapshot 1 ${sum} 7\n{"a":1}`);
  }),
);

Snapshot(
  'one byte changed, anywhere: refused by name',
  inFolder(async (folder) => {
    const path = join(folder, 'members');
    await writeSnapshot(path, [JSON.stringify({ records: Array.from({ length: 50 }, (_, n) => `10.0.0.${n}`) })]);
    const good = readFileSync(path);
    const rules = new Set<string>();
    for (let at = 0; at < good.length; at++) {
      for (const flipped of [0x01, 0x80, 0xff]) {
        const bytes = Buffer.from(good);
        bytes[at] = (bytes[at] ?? 0) ^ flipped;
        writeFileSync(path, bytes);
        rules.add(/^snapshot: (\w+) /.exec(await brokenRule(path))?.[1] ?? '');
      }
    }
    assert.equal([...rules].sort(), ['body', 'checksum', 'header', 'version']);
  }),
);

Snapshot(
  'cut off, or with something behind it: refused by name',
  inFolder(async (folder) => {
    const path = join(folder, 'members');
    await writeSnapshot(path, ['{"a":1}']);
    const good = readFileSync(path);
    for (let length = 0; length < good.length; length++) {
      writeFileSync(path, good.subarray(0, length));
      assert.match(await brokenRule(path), /^snapshot: (header|body) .*; snapshot ignored$/, `${length} bytes`);
    }
    writeFileSync(path, Buffer.concat([good, Buffer.from('\n')]));
    assert.is(await brokenRule(path), 'snapshot: body of 8 bytes, expected 7, as its header says; snapshot ignored');
  }),
);

Snapshot(
  'what is none is refused by name: another version, other text, a folder, a FIFO, a file too long',
  inFolder(async (folder) => {
    const path = join(folder, 'members');
    const sum = createHash('sha256').update('x').digest('hex');
    writeFileSync(path, `maglev-dsr-snapshot 2 ${sum} 1\nx`);
    assert.is(await brokenRule(path), 'snapshot: version 2, expected 1; snapshot ignored');
    writeFileSync(path, `maglev-dsr-snapshot 1 ${sum} 1\nx`);
    assert.is(await brokenRule(path), 'snapshot: body "x", expected JSON; snapshot ignored');
    writeFileSync(path, 'vips: []\n');
    assert.match(await brokenRule(path), /^snapshot: header "vips: \[\]", expected a line that begins with/);
    writeFileSync(path, Buffer.alloc(SNAPSHOT_BYTES_MAX + 200));
    assert.match(await brokenRule(path), /^snapshot: file "\d+ bytes", expected a regular file/);
    mkdirSync(join(folder, 'folder'));
    assert.match(await brokenRule(join(folder, 'folder')), /^snapshot: file EISDIR, expected a regular file/);
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    assert.match(await brokenRule(join(folder, 'fifo')), /^snapshot: (file|header) /);
  }),
);

Snapshot(
  'what cannot be written is an error with the errno, and the last one stays',
  inFolder(async (folder) => {
    const failure = (path: string, body = '1') =>
      writeSnapshot(path, [body]).then(
        () => 'written',
        (error: { code: string; errno?: string; message: string }) => `${error.code} ${error.errno}: ${error.message}`,
      );
    const away = join(folder, 'nowhere', 'members');
    assert.is(await failure(away), `ERR_SYSCALL ENOENT: snapshot ${away}: open: ENOENT; the last one stays`);
    writeFileSync(join(folder, 'file'), '');
    assert.match(await failure(join(folder, 'file', 'members')), /^ERR_SYSCALL ENOTDIR: /);
    mkdirSync(join(folder, 'folder'));
    assert.match(await failure(join(folder, 'folder')), /^ERR_SYSCALL (EISDIR|ENOTEMPTY|EEXIST): .* rename: /);
    assert.match(
      await failure(join(folder, 'long'), 'x'.repeat(SNAPSHOT_BYTES_MAX + 1)),
      /^ERR_LIMIT undefined: .* at most/,
    );
    assert.equal(readdirSync(folder).sort(), ['file', 'folder']);
  }),
);

// A file system of 64 KiB, in a mount namespace of its own; then the same one, read only.
const FULL = `
mount -t tmpfs -o size=64k none "$1" && exec "$2" --input-type=module -e "
  const { writeSnapshot, readSnapshot } = await import(process.argv[1]);
  const { execFileSync } = await import('node:child_process');
  const path = process.argv[2] + '/members';
  const tell = async (body) => console.log(await writeSnapshot(path, [body]).then(() => 'written', (e) => e.errno));
  await tell(JSON.stringify('small'));
  await tell(JSON.stringify('x'.repeat(100000)));
  execFileSync('mount', ['-o', 'remount,ro', process.argv[2]]);
  await tell(JSON.stringify('small again'));
  console.log(JSON.stringify(await readSnapshot(path)));
" -- "$3" "$1"`;

Snapshot(
  'a full disk, and one that is read only: an error, and the last one stays',
  inFolder(async (folder) => {
    const module = new URL('../../host/membership/snapshot.js', import.meta.url).href;
    const args = ['-rm', 'sh', '-c', FULL, 'sh', folder, process.execPath, module];
    const { stdout, stderr, status } = spawnSync('unshare', args, { encoding: 'utf8', timeout: 20_000 });
    if (status !== 0 && /unshare|Operation not permitted/.test(stderr)) {
      console.log(`skipped: a full disk: ${stderr.trim()}`);
      return;
    }
    assert.is(stdout, 'written\nENOSPC\nEROFS\n{"body":"small"}\n', stderr);
  }),
);

Snapshot(
  'what a crash left half written is removed, when it is old',
  inFolder(async (folder) => {
    const path = join(folder, 'members');
    for (const name of ['.members.new-1-1', '.members.new-2-1', '.other.new-1-1'])
      writeFileSync(join(folder, name), '');
    const old = new Date(Date.now() - 3_600_000);
    utimesSync(join(folder, '.members.new-1-1'), old, old);
    utimesSync(join(folder, '.other.new-1-1'), old, old);
    await removeLeftovers(path);
    assert.equal(readdirSync(folder).sort(), ['.members.new-2-1', '.other.new-1-1']);
    await removeLeftovers(join(folder, 'nowhere', 'members'));
  }),
);

// --- what a Kafka source keeps ---------------------------------------------------------------------------

const WEB = 'tcp/192.0.2.80:80';
const IDENTITY = { topic: 'members', brokers: ['10.0.0.5:9092', '10.0.0.6:9092'] };
const place = (timestampMs: number, partition = 0) => ({ partition, timestampMs });
const vip = (last: number, extra: object = {}) => {
  const record = { address: `192.0.2.${last}`, protocol: 'tcp' as const, port: 80, ...extra };
  return { step: { kind: 'vip' as const, key: `tcp/192.0.2.${last}:80`, vip: record }, place: place(last) };
};
const backend = (last: number, of = WEB, extra: object = {}) => {
  const address = `10.0.1.${last}`;
  const step = {
    kind: 'backend' as const,
    key: `${of}/${address}`,
    vipKey: of,
    backend: { vip: of, address, ...extra },
  };
  return { step, place: place(last, 1) };
};
const KNOWN: TopicSnapshot = {
  contactMs: 1_700_000_000_000,
  bookmarks: [
    { partition: 0, next: 12, last: { offset: 11, timestampMs: 5, key: 'a2V5' } },
    { partition: 1, next: 0 },
  ],
  records: [
    vip(80),
    vip(81, { owner: { team: 'web' }, tableSize: 7 }),
    backend(9),
    backend(10, 'tcp/192.0.2.99:80', { note: [1] }),
  ],
  others: [[`${WEB}/10.0.1.77`, place(3)]],
  packets: new Map([
    ['tcp/192.0.2.81:80', 101],
    [WEB, 7],
  ]),
  newest: [],
};

async function roundTrip(
  known: TopicSnapshot,
  identity: object = IDENTITY,
  change: (body: Record<string, unknown>) => void = () => {},
) {
  const body = JSON.parse((await encodeTopic(IDENTITY, known)).join('')) as Record<string, unknown>;
  change(body);
  return decodeTopic(body, identity as typeof IDENTITY, 'snapshot members');
}

Snapshot(
  'has all that must be known: pending backends, unknown fields, what is no record; VIPs by their traffic',
  async () => {
    const decoded = await roundTrip(KNOWN);
    if ('rule' in decoded) throw new Error(decoded.rule);
    const { records, packets, ...rest } = decoded.snapshot;
    const [web, busy, ...backends] = KNOWN.records;
    assert.equal(records, [busy, web, ...backends]);
    assert.equal(rest, { contactMs: KNOWN.contactMs, bookmarks: KNOWN.bookmarks, others: KNOWN.others, newest: [] });
    assert.equal(
      [...packets],
      [
        ['tcp/192.0.2.81:80', 50],
        [WEB, 3],
      ],
    );
    assert.equal(decoded.refusals, []);
  },
);

Snapshot('what another version wrote is validated record by record', async () => {
  const foreign = (body: Record<string, unknown>) => {
    body.writer = '0.0.0';
    (body.backends as unknown[][])[0]![0] = { vip: WEB, address: '10.0.1.9', weight: -3 };
  };
  const decoded = await roundTrip(KNOWN, IDENTITY, foreign);
  if ('rule' in decoded) throw new Error(decoded.rule);
  assert.equal(decoded.snapshot.records.length, 3);
  assert.equal(decoded.refusals.map(formatRefusal), [
    'snapshot members: weight -3 for backend 10.0.1.9, expected 0..65535; event ignored',
  ]);
});

Snapshot('of another topic, group or cluster, or of no topic at all: refused by name', async () => {
  const cases: [object, object, string][] = [
    [{ ...IDENTITY, topic: 'other' }, {}, 'topic "members", expected other'],
    [{ ...IDENTITY, scope: 'edge' }, {}, 'scope is none, expected edge'],
    [IDENTITY, { scope: 'core' }, 'scope "core", expected none'],
    [
      { ...IDENTITY, brokers: ['10.9.9.9:9092'] },
      {},
      'brokers "10.0.0.5:9092,10.0.0.6:9092", expected one of 10.9.9.9:9092',
    ],
    [
      IDENTITY,
      { bookmarks: [{ partition: 0, next: -1 }] },
      'body {"writer", "topic", "brokers", ...}, expected that of a Kafka topic',
    ],
    [IDENTITY, { vips: [[{}, 0, 0, 0]] }, 'body {"writer", "topic", "brokers", ...}, expected that of a Kafka topic'],
  ];
  for (const [identity, change, rule] of cases) {
    const decoded = await roundTrip(KNOWN, identity, (body) => Object.assign(body, change));
    assert.ok('rule' in decoded, rule);
    assert.is(`${decoded.field} ${decoded.value}, ${decoded.rule}`, rule);
  }
  assert.ok('rule' in decodeTopic([], IDENTITY, 'snapshot'));
  assert.ok(!('rule' in (await roundTrip(KNOWN, { ...IDENTITY, brokers: ['10.0.0.6:9092', '10.9.9.9:9092'] }))));
});

Snapshot(
  'with keys: what each record has said; none that was not verified, or by a key that is gone, is taken from it',
  async () => {
    const [ours, other] = ['ops-1', 'ops-2'].map((id) => ({
      id,
      publicKey: generateKeyPairSync('ed25519').publicKey,
    })) as [VerifyKey, VerifyKey];
    const verifierOf = (...verifyKeys: VerifyKey[]) => new Verifier('members', { verifyKeys });
    const fingerprint = fingerprintOf(ours);
    const at = { partition: 0, offset: 11, timestampMs: 5 };
    const newest: TopicSnapshot['newest'] = [
      [WEB, { seq: 7, digest: 'AAAA', isRemoved: false, by: fingerprint, at }],
      [`${WEB}/10.0.1.77`, { seq: 9, digest: 'BBBB', isRemoved: true, by: fingerprint, at }],
    ];
    const read = async (written: Verifier | undefined, verifier: Verifier | undefined) => {
      const body = JSON.parse((await encodeTopic({ ...IDENTITY, verifier: written }, { ...KNOWN, newest })).join(''));
      return decodeTopic(body, { ...IDENTITY, verifier }, 'snapshot members');
    };
    const same = await read(verifierOf(ours), verifierOf(other, ours));
    assert.equal('rule' in same ? same : same.snapshot.newest, newest);
    const rule = 'expected signatures of the keys there are now';
    assert.equal(await read(undefined, verifierOf(ours)), { field: 'records', value: 'were not verified', rule });
    const value = `such as ${WEB} have that of another key`;
    assert.equal(await read(verifierOf(ours), verifierOf(other)), { field: 'records', value, rule });
    const without = await read(verifierOf(ours), undefined);
    assert.not('rule' in without);
  },
);

/** What a verifier calls a key. */
function fingerprintOf({ id, publicKey }: VerifyKey): string {
  const der = (publicKey as KeyObject).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(`${id}\n`).update(der).digest().subarray(0, 16).toString('base64');
}

Snapshot.run();
