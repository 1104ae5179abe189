import { mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Change } from '../../host/membership/event.js';
import { formatRefusal } from '../../host/membership/refusal.js';
import { fileSource } from '../../host/membership/sources/file.js';
import { bounded, changesTold, Listener } from './support.js';

const File = suite('membership/sources/file');

const WEB = 'tcp/192.0.2.80:80';
const VIP: Change = { put: { address: '192.0.2.80', protocol: 'tcp', port: 80 } };
const nine = (extra: object = {}): Change => ({ put: { vip: WEB, address: '10.0.1.9', ...extra } });
const text = (...backends: string[]) =>
  `vips:\n  - vip: ${WEB}\n    backends: [${backends.map((backend) => `\n      ${backend},`).join('')}\n    ]\n`;

/** A test with a directory of its own, and a source that reads members.yaml in it. */
function inDirectory(body: (directory: string, path: string, listen: () => Listener) => Promise<void>) {
  return bounded(8000, async (signal) => {
    const directory = await mkdtemp(join(tmpdir(), 'maglev-dsr-file-'));
    const path = join(directory, 'members.yaml');
    const listeners: Listener[] = [];
    const listen = () => {
      const listener = new Listener(fileSource(path), signal);
      listeners.push(listener);
      return listener;
    };
    try {
      await body(directory, path, listen);
      for (const listener of listeners) assert.ok((await listener.end()) < 300, 'ends at once');
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
}

File(
  'tells all, then the difference of each new version',
  inDirectory(async (_, path, listen) => {
    await writeFile(path, text('10.0.1.9', '10.0.1.10'));
    const listener = listen();
    assert.equal((await listener.next('changes')).changes, [VIP, nine(), { put: { vip: WEB, address: '10.0.1.10' } }]);
    await listener.next('caughtUp');
    await writeFile(path, text('{ address: 10.0.1.9, weight: 2 }'));
    const { changes, where } = await listener.next('changes');
    assert.equal(changes, [nine({ weight: 2 }), { remove: `${WEB}/10.0.1.10` }]);
    assert.is(where, `file ${path}`);
  }),
);

File(
  'follows an editor that renames over the file, again and again',
  inDirectory(async (directory, path, listen) => {
    await writeFile(path, text('10.0.1.9'));
    const listener = listen();
    await listener.next('caughtUp');
    for (let weight = 2; weight < 5; weight++) {
      const other = join(directory, `.members.yaml.${weight}`);
      await writeFile(other, text(`{ address: 10.0.1.9, weight: ${weight} }`));
      await rename(other, path);
      assert.equal((await listener.next('changes')).changes, [nine({ weight })]);
    }
  }),
);

File(
  'a file that vanishes: stale, and what it said stays; back: fresh, and only what is new',
  inDirectory(async (_, path, listen) => {
    await writeFile(path, text('10.0.1.9'));
    const listener = listen();
    await listener.next('caughtUp');
    const told = changesTold(listener).length;
    await unlink(path);
    const stale = await listener.next('stale');
    assert.match(stale.reason, /members\.yaml: ENOENT.*what it said last stays in force/);
    assert.ok(Math.abs(Date.now() - stale.sinceMs) < 5000);
    assert.is(changesTold(listener).length, told, 'nothing was taken away');
    await writeFile(path, text('10.0.1.9', '10.0.1.10'));
    await listener.next('fresh');
    assert.equal((await listener.next('changes')).changes, [{ put: { vip: WEB, address: '10.0.1.10' } }]);
  }),
);

File(
  'not there at the start: stale, and caught up when it comes',
  inDirectory(async (_, path, listen) => {
    const listener = listen();
    await listener.next('stale');
    await writeFile(path, 'vips: []');
    await listener.next('caughtUp');
    assert.equal(changesTold(listener), []);
  }),
);

File(
  'a bad version is refused as a whole, with line and field, and changes nothing',
  inDirectory(async (_, path, listen) => {
    await writeFile(path, text('10.0.1.9'));
    const listener = listen();
    await listener.next('caughtUp');
    const told = changesTold(listener).length;
    await writeFile(path, text('{ address: 10.0.1.9, weight: 7 }', '{ address: 10.0.1.10, weight: -3 }'));
    const { refusal } = await listener.next('refused');
    assert.is(
      formatRefusal(refusal),
      `line 5 of ${path}: weight -3 for backend 10.0.1.10, expected 0..65535; file ignored`,
    );
    await writeFile(path, ''); // an editor that truncates before it writes
    assert.match(formatRefusal((await listener.next('refused')).refusal), /file is empty/);
    assert.is(changesTold(listener).length, told);
    await writeFile(path, text('{ address: 10.0.1.9, weight: 8 }'));
    assert.equal((await listener.next('changes')).changes, [nine({ weight: 8 })]);
  }),
);

File(
  'follows a symlink whose target changes in another directory, as a ConfigMap does',
  inDirectory(async (directory, path, listen) => {
    const data = await mkdtemp(join(directory, 'data-'));
    await writeFile(join(data, 'one.yaml'), text('10.0.1.9'));
    await writeFile(join(data, 'two.yaml'), text('{ address: 10.0.1.9, weight: 2 }'));
    await symlink(join(data, 'one.yaml'), join(data, 'current'));
    await symlink(join(data, 'current'), path);
    const listener = listen();
    await listener.next('caughtUp');
    await symlink(join(data, 'two.yaml'), join(data, 'next'));
    await rename(join(data, 'next'), join(data, 'current'));
    assert.equal((await listener.next('changes')).changes, [nine({ weight: 2 })]);
  }),
);

File(
  'a directory in its place is a reason, not a crash',
  inDirectory(async (directory, _, __) => {
    const source = fileSource(directory);
    const stop = new AbortController();
    for await (const event of source.events(stop.signal)) {
      assert.is(event.type, 'stale');
      assert.match(event.type === 'stale' ? event.reason : '', /not a regular file/);
      break;
    }
  }),
);

File.run();
