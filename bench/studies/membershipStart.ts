// bench/studies/membershipStart.ts: how long a balancer with many VIPs takes from its snapshot to forwarding. Each round is a process of its
// own, as a start is: what V8 has not compiled yet is part of it.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { writeSnapshot } from '../../host/membership/snapshot.js';
import { encodeTopic, type KeptRecord } from '../../host/membership/sources/kafkaSnapshot.js';
import type { MessagePlace } from '../../host/membership/sources/kafkaTopic.js';
import type { Figure, StudyOptions } from '../studies.js';
import type { StartReport } from './startProgram.js';

const VIPS = 1000;
const BACKENDS = 10;
const PROGRAM = fileURLToPath(new URL('startProgram.js', import.meta.url));
/** Nobody listens on port 1 of the loopback address: Kafka is away. */
export const START_IDENTITY = { topic: 'balancer-members', brokers: ['127.0.0.1:1'] };
const ROUND_TIMEOUT_MS = 60_000;

const run = promisify(execFile);

/** `state`: all records known; `first`: the first VIP forwards; `all`: all of them do; `live`: the same with AF_PACKET, routes and nft. */
export async function studyStart({ rounds, signal, onStep, onNote }: StudyOptions): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-bench-'));
  const path = join(folder, 'members.snapshot');
  const reports: StartReport[] = [];
  try {
    await writeSnapshot(path, await encodeTopic(START_IDENTITY, { ...manyRecords(), contactMs: Date.now() }));
    const live = await liveCommand();
    if ('missing' in live) onNote?.(`membership.start.live: left out: ${live.missing}`);
    for (let round = 0; round < rounds; round++) {
      onStep?.(`round ${round + 1} of ${rounds}`);
      signal?.throwIfAborted();
      const [program = '', ...args] = 'missing' in live ? [] : live.command;
      const engine = await report(process.execPath, [PROGRAM, path], signal);
      const inNetwork =
        program === '' ? {} : await report(program, [...args, process.execPath, PROGRAM, path, 'live'], signal);
      reports.push({ ...engine, ...inNetwork });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return figuresOf(reports);
}

const FIGURES: [keyof StartReport, Figure['unit'], number?][] = [
  ['state', 'ms', 100],
  ['first', 'ms', 200],
  ['all', 'ms', 3000],
  ['memory', 'MiB'],
  ['live.first', 'ms', 200],
  ['live.all', 'ms', 3000],
];

function figuresOf(reports: readonly StartReport[]): Figure[] {
  return FIGURES.flatMap(([name, unit, aim]) => {
    const rounds = reports.flatMap((each) => each[name] ?? []);
    if (rounds.length === 0) return [];
    return [{ name: `membership.start.${name}`, unit, rounds, ...(aim !== undefined && { aim }) }];
  });
}

async function report(program: string, args: string[], signal: AbortSignal | undefined): Promise<StartReport> {
  const { stdout } = await run(program, args, { timeout: ROUND_TIMEOUT_MS, ...(signal && { signal }) });
  return JSON.parse(stdout) as StartReport;
}

/** A network of its own, where an interface is made and gone with the process. */
async function liveCommand(): Promise<{ command: string[] } | { missing: string }> {
  const command = ['unshare', '--user', '--map-root-user', '--net'];
  try {
    await run('unshare', [...command.slice(1), 'nft', 'list', 'tables']);
    return { command };
  } catch (error) {
    return { missing: (error as Error).message.split('\n').filter(Boolean).at(-1) ?? '' };
  }
}

function manyRecords() {
  const records: KeptRecord[] = [];
  const place: MessagePlace = { partition: 0, timestampMs: 1 };
  for (let v = 0; v < VIPS; v++) {
    const address = `198.18.${v >> 8}.${v & 255}`;
    const vip = { address, protocol: 'tcp' as const, port: 80, encap: { type: 'ipip' as const } };
    const key = `tcp/${address}:80`;
    records.push({ step: { kind: 'vip', key, vip }, place });
    for (let b = 0; b < BACKENDS; b++) {
      const n = v * BACKENDS + b;
      const backend = { vip: key, address: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}` };
      records.push({ step: { kind: 'backend', key: `${key}/${backend.address}`, vipKey: key, backend }, place });
    }
  }
  const last = { offset: 11_000, timestampMs: 1, key: 'a2V5' };
  const bookmarks = [{ partition: 0, next: 11_001, last }];
  // The last of them is used most: that it comes first shows that the order is that of the traffic.
  const packets = new Map(Array.from({ length: VIPS }, (_, v) => [`tcp/198.18.${v >> 8}.${v & 255}:80`, v]));
  return { records, bookmarks, others: [], newest: [], packets };
}
