// host/cli/bench.ts: `maglev-dsr bench`: nanoseconds per frame of the hot path, beside the same work in C.
import { access, constants, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Command, Option } from 'commander';
import type { Measured } from '../../bench/measure.js';
import { BOUNDS, SHAPE_DEFAULT, type Shape } from '../../bench/shape.js';
import type { Figure } from '../../bench/studies.js';
import { optionError } from '../errors.js';
import { isPrime } from '../membership/record.js';
import { untilStopped } from './stopSignal.js';

const TIME_MS = [10, 600_000] as const;
const TIME_MS_DEFAULT = 1000;
const ROUNDS = [1, 100] as const;
const CLEAR_LINE = '\r\x1b[2K';

const HELP = `
What is measured: batches of frames of random flows to the VIPs go through the hot path as it ships (WebAssembly), in memory, without
a kernel; and through C programs that do the same work on a copy of the same memory, compiled here with gcc -O3 -march=native:
  scalar C     one frame after the other, plainly
  batched C    in stages over the whole batch, with prefetch: as good as we could make it
Before anything is timed, frames, verdicts, counters and flow tables of all three must be equal byte for byte. Then they take turns,
round by round; a ratio is of two sides of one round, below 1 where ours is faster. Rewriting in place destroys a frame, so every
batch begins by copying its frames into place; that is in the time of all sides, and also shown by itself. Without gcc: ours alone.

Results, by name (--only takes a name or its beginning):
  core.{ipip4,ipip6,gue4,gue6,gre4,gre6,l2,l2v6}.stateless   hash, lookup table, headers                  ns per frame
  core.{ipip4,ipip6,gue4,gue6,gre4,gre6,l2,l2v6}.tracked     every slot tracked: asks the flow table too  ns per frame
  core.ipip4.flows1m            the same with 1,048,576 flows                                   ns per frame
  core.default.{zipf,uniform}   1,000 VIPs with their default tracking; all flows as often, or by Zipf's law (1.1)  ns per frame
                                (zipf beside core.ipip4.stateless, which takes turns with it)
  core.ipip4.stateless.jhash    scalar C with the jhash of Linux instead                        ns per frame
  table.build.SLOTS             fills a lookup table for 1,000 backends (or --backends)         ms
  memory                        what a VIP, a backend, a slot's table and a flow take of the memory            bytes
  membership.start              10,000 backends under 1,000 VIPs from a snapshot: records known, first VIP, all VIPs   ms, MiB
  membership.{apply,burst,replay,churn}   from Kafka to the frames: see below
Left out unless named: membership, .tracked but for ipip4, IPv6 but for ipip6, and table.build.5000011.

membership: a balancer on a cable, a client at its other end, and Kafka, all in a network namespace of their own that goes with them. In a
clone with Java and Maven that is a real Apache Kafka of one broker ("npm run bench" fetches it); else the one that node-rdkafka brings; a note,
and the JSON, say which.
  apply     from handing a record to the producer to the first frame under the new table: 1,000 backends, 65537 slots, 1,000 changes a run
  burst     10,000 records over 20 VIPs: from the last acknowledged to live; .whole from the first; .builds how many tables
  replay    10,000 backends under 1,000 VIPs from the topic's start to all live, and memory
  churn     how long a frame takes through the balancer, 1,000 a second, without changes (.quiet) and with 100 a second

Examples:
  $ maglev-dsr bench
  $ maglev-dsr bench --only core.ipip4.stateless --time 5000
  $ maglev-dsr bench --encap ipip --family ipv6 --backends 1000 --flows 1000000
  $ maglev-dsr bench --only table --json table.json
  $ maglev-dsr bench --only membership --rounds 5

Numbers move with whatever else the machine does: look at min and max, and let it be quiet.`;

type CliOptions = Omit<Shape, 'family' | 'encap' | 'tracking' | 'frameBytes'> & {
  frameSize: number;
  encap?: Shape['encap'];
  family?: 'ipv4' | 'ipv6';
  tracking?: Shape['tracking'];
  only?: string[];
  time: number;
  rounds?: number;
  json?: string;
};

/** The command, for commander. */
export function benchCommand(): Command {
  const bounded = (flags: string, about: string, bounds: readonly [number, number], byDefault?: number): Option => {
    const option = new Option(flags, `${about}, ${bounds[0]}..${bounds[1]}`);
    if (byDefault !== undefined) option.default(byDefault);
    return option.argParser((text) => readBounded(option.long ?? flags, text, bounds));
  };
  return new Command('bench')
    .summary('nanoseconds per frame of the hot path, beside the same work in C')
    .description('Measures the hot path on this machine, and C programs that do the same work.')
    .addOption(
      bounded('--frame-size <bytes>', 'bytes of a frame, without FCS', BOUNDS.frameBytes, SHAPE_DEFAULT.frameBytes),
    )
    .addOption(bounded('--flows <count>', 'random flows', BOUNDS.flows, SHAPE_DEFAULT.flows))
    .addOption(bounded('--vips <count>', 'VIPs', BOUNDS.vips, SHAPE_DEFAULT.vips))
    .addOption(bounded('--backends <count>', 'backends of each VIP', BOUNDS.backends, SHAPE_DEFAULT.backends))
    .addOption(
      bounded('--table-size <slots>', 'slots of a lookup table, a prime', BOUNDS.tableSize, SHAPE_DEFAULT.tableSize),
    )
    .addOption(bounded('--batch <frames>', 'frames of one call into the hot path', BOUNDS.batch, SHAPE_DEFAULT.batch))
    .addOption(new Option('--encap <how>', 'only this encapsulation').choices(['l2', 'ipip', 'gue', 'gre']))
    .addOption(new Option('--family <which>', 'only this address family').choices(['ipv4', 'ipv6']))
    .addOption(
      new Option('--tracking <which>', 'only this: none is stateless, all asks the flow table').choices([
        'none',
        'all',
      ]),
    )
    .option('--only <name>', 'only this result, or those whose names begin so; may be repeated', collect)
    .addOption(bounded('--time <ms>', 'time of each side of each result', TIME_MS, TIME_MS_DEFAULT))
    .addOption(
      bounded(
        '--rounds <count>',
        'turns each side takes in that time (default 10), runs of a study (default 3)',
        ROUNDS,
      ),
    )
    .addOption(bounded('--seed <number>', 'of the random flows', BOUNDS.seed, SHAPE_DEFAULT.seed))
    .option('--json <file>', 'write machine and medians to a file')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(cli: CliOptions): Promise<void> {
  const shape = shapeOf(cli);
  if (cli.json !== undefined) await checkFolderOf(cli.json);
  const stop = new AbortController();
  untilStopped().then((signal) => stop.abort(signal));
  // `bench | head`: nobody reads any more. Ending by the unhandled error would leave the compiled twins behind.
  process.stdout.once('error', ({ message }) => stop.abort(message));
  try {
    await measureAndReport(cli, shape, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.stderr.write(`maglev-dsr: bench stopped: ${stop.signal.reason}\n`);
    process.exitCode = 1;
  }
}

async function measureAndReport(cli: CliOptions, shape: Shape, signal: AbortSignal): Promise<void> {
  const { runBench } = await import('../../bench/index.js');
  const { formatFigure, formatMeasured } = await import('../../bench/report.js');
  const progress = openProgress();
  const report = await runBench({
    shape,
    choice: choiceOf(cli),
    timeMs: cli.time,
    ...(cli.rounds !== undefined && { rounds: cli.rounds }),
    signal,
    onNote: (note) => progress.say(`${note}\n`, process.stderr),
    onStep: progress.step,
    onResult: (measured: Measured) => progress.say(`${formatMeasured(measured)}\n`, process.stdout),
    onFigure: (figure: Figure) => progress.say(formatFigure(figure), process.stdout),
  });
  const { cpu, os, node, compiler, loadAverage } = report.machine;
  // Without a C compiler a note has said so; studies need none.
  const machine = [cpu, os, `Node ${node}`, ...(compiler ? [compiler] : []), `load average ${loadAverage.toFixed(1)}`];
  process.stdout.write(`${machine.join('; ')}\n`);
  if (cli.json !== undefined) await writeFile(cli.json, `${JSON.stringify(report, null, 2)}\n`);
}

/** A minute of measuring is not to end in a file that cannot be written. */
async function checkFolderOf(file: string): Promise<void> {
  try {
    await access(dirname(file), constants.W_OK);
  } catch (cause) {
    throw optionError('--json', file, `must be in a folder that we may write to: ${(cause as Error).message}`);
  }
}

function shapeOf(cli: CliOptions): Shape {
  const { vips, backends, tableSize, flows, frameSize, batch, seed } = cli;
  if (!isPrime(tableSize)) throw optionError('--table-size', tableSize, 'must be a prime, such as 65537');
  if (vips * backends > BOUNDS.backends[1]) {
    throw optionError('--backends', backends, `times --vips ${vips} must be ${BOUNDS.backends[1]} at most`);
  }
  return { ...SHAPE_DEFAULT, vips, backends, tableSize, flows, frameBytes: frameSize, batch, seed };
}

function choiceOf({ encap, family, tracking, only }: CliOptions) {
  return {
    ...(encap && { encap }),
    ...(family && { family: family === 'ipv4' ? (4 as const) : (6 as const) }),
    ...(tracking && { tracking }),
    ...(only && { only }),
  };
}

/** On a terminal one line that changes; elsewhere a line for each result that begins. */
function openProgress() {
  const { isTTY } = process.stderr;
  let last = '';
  return {
    step(done: number, count: number, name: string, step: string): void {
      const line = `[${done + 1}/${count}] ${name}`;
      if (isTTY) process.stderr.write(`${CLEAR_LINE}${line}: ${step}`);
      else if (line !== last) process.stderr.write(`${line}\n`);
      last = line;
    },
    say(text: string, stream: NodeJS.WriteStream): void {
      if (isTTY) process.stderr.write(CLEAR_LINE);
      stream.write(text);
    },
  };
}

function readBounded(option: string, text: string, [min, max]: readonly [number, number]): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw optionError(option, text, `must be an integer of ${min}..${max}`);
}

function collect(text: string, before: string[] = []): string[] {
  return [...before, text];
}
