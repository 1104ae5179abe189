// The control socket: who may open it, what is answered, who cannot hold it up, and whose file is replaced.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { askControl } from '../../host/control/client.js';
import { checkControlPath } from '../../host/control/path.js';
import { type ControlSocket, serveControl } from '../../host/control/server.js';
import type { MaglevError } from '../../host/errors.js';
import { backend, PaperBalancer, vip, WEB } from '../fleet/support.js';
import { rejection, until } from '../live/support/until.js';

const Control = suite('control');
const HOLDER = fileURLToPath(new URL('./holder.js', import.meta.url));

async function inFolder(body: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'maglev-dsr-control-'));
  try {
    await body(join(folder, 'eth0.sock'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function withControl(body: (control: ControlSocket, paper: PaperBalancer) => Promise<void>): () => Promise<void> {
  return () =>
    inFolder(async (path) => {
      const paper = new PaperBalancer();
      await paper.read([vip(), backend(9), backend(10)]);
      const control = await serveControl(paper, { socket: path });
      try {
        await body(control, paper);
      } finally {
        await control.close();
      }
      assert.is(existsSync(path), false, 'the file is still there');
    });
}

/** Sends bytes and returns all that comes back until the end. */
async function exchange(path: string, bytes: string | Buffer): Promise<string> {
  const socket = connect(path);
  socket.on('error', () => undefined);
  socket.write(bytes);
  let answer = '';
  socket.setEncoding('utf8').on('data', (piece: string) => {
    answer += piece;
  });
  await once(socket, 'close');
  return answer;
}

async function opened(path: string): Promise<Socket> {
  const socket = connect(path);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

Control(
  'answers what the balancer says',
  withControl(async ({ path }, paper) => {
    const hello = await askControl(path, 'hello');
    assert.equal([hello.pid, hello.interfaces, hello.id], [process.pid, ['eth0'], undefined]);
    assert.match(hello.version, /^\d+\.\d+\.\d+/);
    const { status, stats, atMs } = await askControl(path, 'status');
    assert.ok(Math.abs(Date.now() - atMs) < 5000);
    assert.equal(status, JSON.parse(JSON.stringify(paper.status())));
    assert.equal(stats, paper.stats());
    assert.equal(await askControl(path, 'stats'), paper.stats());
    assert.is((await askControl(path, 'view')).vips[0]?.digest, paper.engine.digest(WEB));
  }),
);

Control('only its owner can open it, whatever the umask; and the umask stays', async () => {
  const before = process.umask(0);
  try {
    await withControl(async ({ path }) => {
      assert.is(statSync(path).mode & 0o777, 0o600);
      assert.is(process.umask(), 0);
    })();
  } finally {
    process.umask(before);
  }
});

Control(
  'what is no question gets an answer that says so',
  withControl(async ({ path }) => {
    const said = async (line: string): Promise<string> => JSON.parse(await exchange(path, line)).error.message;
    assert.is(await said('hello\n'), 'expected a line of JSON');
    assert.match(
      await said('{"v":1,"ask":"stop"}\n'),
      /^expected \{"v":1,"ask":\.\.\.\} with one of hello, status, stats, view$/,
    );
    assert.match(await said('{"v":2,"ask":"hello"}\n'), /^expected/);
    assert.match(await said('{"v":1,"ask":"hello","more":1}\n'), /^expected/);
    assert.is(await said(`${'x'.repeat(5000)}\n`), 'a question has at most 4096 bytes');
    assert.is(await said('x'.repeat(5000)), 'a question has at most 4096 bytes');
    assert.is(await said(`{"v":1,"ask":"hello"${' '.repeat(4080)}}\n`), 'a question has at most 4096 bytes');
    assert.match(await exchange(path, '{"v":1,"ask":"hello"}\nrubbish that follows'), /^\{"v":1,"answer":\{"pid":\d+/);
  }),
);

Control(
  'who says nothing, or does not read, holds nobody up, and is let go',
  withControl(async ({ path }, paper) => {
    const silent = await Promise.all(Array.from({ length: 7 }, () => opened(path)));
    silent[0]?.write('{"v":1,'); // begun, and never ended
    assert.is((await askControl(path, 'hello', 1000)).pid, process.pid);
    await Promise.all(silent.map((socket) => once(socket, 'close'))); // after 2 s
    const big = { ...paper.status(), vips: Array.from({ length: 40_000 }, () => paper.status().vips[0]) };
    paper.status = () => big as never;
    const deaf = await opened(path);
    deaf.pause();
    deaf.write('{"v":1,"ask":"status"}\n');
    assert.is((await askControl(path, 'hello')).pid, process.pid);
    deaf.destroy();
  }),
);

Control('a close does not wait for who is connected', async () => {
  await inFolder(async (path) => {
    const control = await serveControl(new PaperBalancer(), { socket: path });
    const socket = await opened(path);
    await Promise.all([control.close(), once(socket, 'close')]);
    await control.close();
    assert.is(existsSync(path), false);
  });
});

Control('a living balancer’s socket is refused by its pid; a killed one’s is replaced', async () => {
  await inFolder(async (path) => {
    const holder = fork(HOLDER, [path]);
    await once(holder, 'message');
    const busy = await rejection(serveControl(new PaperBalancer(), { socket: path }));
    assert.equal([busy.code, busy.message], ['ERR_BUSY', `control socket ${path} is served by pid ${holder.pid}`]);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    assert.is(existsSync(path), true);
    const gone = await rejection(askControl(path, 'hello'));
    assert.equal([gone.code, gone.message], ['ERR_MISSING', `control socket ${path}: its balancer has ended`]);
    const control = await serveControl(new PaperBalancer(), { socket: path });
    assert.is((await askControl(path, 'hello')).pid, process.pid);
    await control.close();
  });
});

Control('a file that is no socket of ours stays as it is', async () => {
  await inFolder(async (path) => {
    writeFileSync(path, 'somebody’s');
    const error = (await rejection(serveControl(new PaperBalancer(), { socket: path }))) as MaglevError;
    assert.equal([error.code, error.option], ['ERR_OPTION', 'control.socket']);
    assert.is(existsSync(path), true);
    rmSync(path);
    const other = createServer((socket) => socket.end('220 mail.example\n')).listen(path);
    await once(other, 'listening');
    const busy = await rejection(serveControl(new PaperBalancer(), { socket: path }));
    assert.equal(
      [busy.code, busy.message],
      [
        'ERR_BUSY',
        `control socket ${path} is served by another program: control socket ${path}: what answers is no balancer`,
      ],
    );
    other.close();
  });
});

Control('paths that cannot be are refused by name', async () => {
  assert.throws(() => checkControlPath(''), /control\.socket "" must be a path/);
  assert.throws(() => checkControlPath(`/tmp/${'x'.repeat(103)}`), /must have at most 107 bytes, not 108/);
  const missing = await rejection(askControl('/tmp/nobody/here.sock', 'hello'));
  assert.equal(
    [missing.code, missing.message],
    ['ERR_MISSING', 'control socket /tmp/nobody/here.sock: is not there; no balancer runs'],
  );
  await inFolder(async (path) => {
    const error = await rejection(serveControl(new PaperBalancer(), { socket: join(path, 'no', 'folder') }));
    assert.is(error.code, 'ERR_SYSCALL');
    chmodSync(join(path, '..'), 0o700);
  });
});

Control('two balancers of one process have a socket each', async () => {
  await inFolder(async (path) => {
    const papers = [new PaperBalancer('eth0'), new PaperBalancer('eth1')];
    const controls = await Promise.all(papers.map((paper, i) => serveControl(paper, { socket: `${path}${i}` })));
    const hellos = await Promise.all(controls.map((control) => askControl(control.path, 'hello')));
    assert.equal(
      hellos.map(({ interfaces }) => interfaces),
      [['eth0'], ['eth1']],
    );
    await Promise.all(controls.map((control) => control.close()));
    await until('both files to go', () => !existsSync(`${path}0`) && !existsSync(`${path}1`));
  });
});

Control.run();
