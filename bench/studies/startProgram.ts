// bench/studies/startProgram.ts: one start from a snapshot, timed from the moment its source is followed. Prints JSON.
//   node startProgram.js SNAPSHOT         the engine without I/O: a frame for the VIP that is used most goes through the hot path
//   node startProgram.js SNAPSHOT live    a balancer on a veth pair, in a network namespace of its own
import { execFileSync } from 'node:child_process';
import { CellBatch } from '../../host/cellBatch.js';
import { setEgress } from '../../host/egress.js';
import { Engine } from '../../host/engine.js';
import { frameOfFlow } from '../../host/fiveTuple.js';
import { followSource, UNHEARD } from '../../host/follow.js';
import { createLoadBalancer } from '../../host/loadBalancer.js';
import type { MembershipSource } from '../../host/membership/event.js';
import { kafkaSource } from '../../host/membership/sources/kafka.js';
import { cellBytesFor, readCore } from '../../host/options.js';
import { verdictName } from '../../host/stats.js';
import { START_IDENTITY } from './membershipStart.js';

/** Milliseconds, and MiB of the process; those with `live` of a balancer with interfaces. */
export interface StartReport {
  state?: number;
  first?: number;
  all?: number;
  memory?: number;
  'live.first'?: number;
  'live.all'?: number;
}

const LIMITS = { hashSecret: 'a secret of 16 bytes', vipsMax: 1024, backendsMax: 16_384, tablesMiB: 256 };
const MOST_USED = '198.18.3.231'; // number 999
const FRAME_BYTES_MAX = 1514;
const MIB = 2 ** 20;

const [path = '', mode] = process.argv.slice(2);

/** The snapshot's records, and no broker behind them. */
function snapshotSource(onStart: () => void): MembershipSource {
  const source = kafkaSource({ ...START_IDENTITY, snapshot: path });
  return {
    name: source.name,
    async *events(signal, host) {
      onStart();
      for await (const event of source.events(signal, host)) {
        yield event;
        if (event.type === 'restored') return;
      }
    },
  };
}

async function startEngine(): Promise<StartReport> {
  const settings = readCore(LIMITS);
  const shape = { workers: 1, cells: 1, cellBytes: cellBytesFor(FRAME_BYTES_MAX), ringsBytes: 0 };
  const engine = new Engine({ settings, shape, sourceFor: () => '192.0.2.1' });
  setEgress(engine.memory, 0, { mac: '02:00:00:00:00:01', isUp: true, announce: false });
  const cells = new CellBatch(engine, FRAME_BYTES_MAX, 1);
  const frame = frameOfFlow({
    protocol: 'tcp',
    source: '203.0.113.7',
    sourcePort: 4000,
    destination: MOST_USED,
    destinationPort: 80,
  });
  const marks: StartReport = {};
  let startedAt = 0;
  const since = () => performance.now() - startedAt;
  const stages: Parameters<Engine['apply']>[2] = {
    prepare: (state, keys) => {
      marks.state ??= since();
      for (const address of keys.flatMap((key) => [...(state.backends.get(key)?.keys() ?? [])])) {
        engine.nextHops.indexOf(address, engine.now());
        engine.nextHops.set(address, { mac: '02:00:00:00:00:02', egress: 0, mtu: 1500 });
      }
    },
    settle: () => {
      if (marks.first !== undefined) return;
      cells.input(0).set(frame);
      cells.setLength(0, frame.length);
      cells.run(1);
      const verdict = verdictName(cells.verdict(0));
      if (verdict !== 'FORWARD_IPIP') throw new Error(`the VIP that is used most: ${verdict}`);
      marks.first = since();
    },
  };
  const source = snapshotSource(() => {
    startedAt = performance.now();
  });
  const failure = await followSource(
    source,
    {
      apply: (changes, origin) => engine.apply(changes, origin, stages),
      ...UNHEARD,
      failed: (error) => {
        throw error;
      },
      packets: () => engine.packets(),
    },
    new AbortController().signal,
  );
  if (failure !== undefined) throw failure;
  if (engine.vips.size !== 1000) throw new Error(`${engine.vips.size} VIPs are live`);
  return { ...marks, all: since(), memory: process.memoryUsage().rss / MIB };
}

async function startBalancer(): Promise<StartReport> {
  const ip = (line: string) => execFileSync('ip', line.split(' '));
  for (const line of [
    'link set lo up',
    'link add v0 type veth peer name v1',
    'link set v0 up',
    'link set v1 up',
    'address add 192.0.2.1/24 dev v0',
    'neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev v0',
    'route add 10.0.0.0/8 via 192.0.2.2',
  ])
    ip(line);
  let startedAt = 0;
  const marks: StartReport = {};
  const source = snapshotSource(() => {
    startedAt = performance.now();
  });
  const interfaces = [{ name: 'v0', frameBytes: 2048 }];
  const balancer = await createLoadBalancer({ ...LIMITS, interfaces, source });
  let live = 0;
  await new Promise<void>((resolve, reject) => {
    balancer.on('error', reject);
    balancer.on('applied', ({ vips }) => {
      if (live === 0 && !vips.includes(`tcp/${MOST_USED}:80`)) reject(new Error(`first are ${vips.join(' ')}`));
      marks['live.first'] ??= performance.now() - startedAt;
      live += vips.length;
      if (live === 1000) resolve();
    });
  });
  marks['live.all'] = performance.now() - startedAt;
  await balancer.close();
  return marks;
}

const report = await (mode === 'live' ? startBalancer() : startEngine());
process.stdout.write(`${JSON.stringify(report)}\n`);
