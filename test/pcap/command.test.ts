// `maglev-dsr pcap` as a user runs it: captures in, captures, verdicts and a summary out.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { frameSource } from '../../bench/frames.js';
import { SHAPE_DEFAULT } from '../../bench/shape.js';
import { openCapture } from '../../host/pcap/capture.js';
import { Output, writeCaptured, writeCaptureHeader } from '../../host/pcap/output.js';

const MAIN = fileURLToPath(new URL('../../host/cli/main.js', import.meta.url));
const Command = suite('cli/pcap');
const START = 1_700_000_000_000_000_000n;
let folder = '';
const at = (name: string): string => join(folder, name);

Command.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'maglev-dsr-test-'));
  writeFileSync(
    at('lb.yaml'),
    'interfaces: [{ name: eth0 }]\nmembership: { file: members.yaml }\nhashSecretFile: secret\n',
  );
  writeFileSync(at('secret'), 'a secret of the fleet');
  const vip = '{ address: 198.18.0.1, protocol: tcp, port: 80, encap: ipip, backends: [10.0.1.9, 10.0.1.10] }';
  writeFileSync(at('members.yaml'), `vips:\n  - ${vip}\n`);
  const output = await Output.open(at('in.pcap'));
  writeCaptureHeader(output);
  const next = frameSource(SHAPE_DEFAULT);
  for (let i = 0; i < 1000; i++) {
    const frame = Uint8Array.from(next());
    if (i % 10 === 0) frame[33] = 99; // 198.18.0.99: nobody's
    writeCaptured(output, START + BigInt(i) * 10_000_000n, frame);
  }
  await output.close();
});
Command.after(() => rmSync(folder, { recursive: true, force: true }));

function pcap(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'pcap', ...args], { encoding: 'utf8' });
  return { status, stdout, stderr: stderr.replaceAll(folder, '') };
}

Command('writes what leaves, a verdict for each frame, and a summary', async () => {
  const files = ['--config', at('lb.yaml'), '--out', at('out.pcap'), '--verdicts', at('out.jsonl')];
  const { status, stdout, stderr } = pcap(at('in.pcap'), ...files, '--json');
  assert.is(status, 0, stderr);
  const summary = JSON.parse(stdout);
  assert.equal(
    { ...summary, backends: Object.keys(summary.backends).sort() },
    {
      frames: 1000,
      octets: 64_000,
      outputs: 900,
      verdicts: { FORWARD_IPIP: 900, IGNORE_NOT_VIP: 100 },
      backends: ['tcp/198.18.0.1:80/10.0.1.10', 'tcp/198.18.0.1:80/10.0.1.9'],
    },
  );
  const lines = readFileSync(at('out.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.is(lines.length, 1000);
  assert.equal(lines[0], { frame: 1, time: '1700000000.000000000', verdict: 'IGNORE_NOT_VIP', outputs: [] });
  const { backend, ...last } = lines[999];
  assert.equal(last, {
    frame: 1000,
    time: '1700000009.990000000',
    verdict: 'FORWARD_IPIP',
    vip: 'tcp/198.18.0.1:80',
    outputs: [84],
  });
  const capture = await openCapture(at('out.pcap'));
  let [frames, lastNs] = [0, 0n];
  for await (const { timeNs, bytes } of capture.frames()) {
    frames++;
    lastNs = timeNs;
    const to = [...bytes.subarray(30, 34)].join('.'); // destination of the outer header
    if (frames === 900) assert.is(to, backend);
  }
  await capture.close();
  assert.is(frames, 900);
  assert.is(lastNs, START + 9_990_000_000n);
});

Command('the same capture twice has the same outcome, byte for byte', () => {
  for (const name of ['a', 'b']) {
    assert.is(pcap(at('in.pcap'), '--config', at('lb.yaml'), '--out', at(`${name}.pcap`)).status, 0);
  }
  assert.equal(readFileSync(at('a.pcap')), readFileSync(at('b.pcap')));
});

for (const [name, args, message] of [
  [
    'a file that is no capture',
    ['lb.yaml', '--config', 'lb.yaml'],
    '/lb.yaml offset 0: magic number 0x696e7465, expected that of a pcap or pcapng file',
  ],
  ['a capture that is not there', ['none.pcap', '--config', 'lb.yaml'], 'capture /none.pcap: ENOENT'],
  [
    'to write over its capture',
    ['in.pcap', '--config', 'lb.yaml', '--out', 'in.pcap'],
    '--out "/in.pcap" must not be the capture itself',
  ],
  [
    'a folder that is not there',
    ['in.pcap', '--config', 'lb.yaml', '--out', 'no/out.pcap'],
    'output /no/out.pcap: ENOENT',
  ],
] as const) {
  Command(`refuses ${name}`, () => {
    const { status, stdout, stderr } = pcap(...args.map((arg) => (arg.startsWith('--') ? arg : at(arg))));
    assert.is(status, 1);
    assert.is(stdout, '');
    assert.is(stderr, `maglev-dsr: ${message}\n`);
  });
}
Command.run();
