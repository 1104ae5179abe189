// test/fuzz/main.ts: `npm run fuzz`: as long as wanted, from any seed, one input again, or the planted bugs.
import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { VERDICTS } from '../../host/stats.js';
import { readCorpus, writeCorpus } from './corpus.js';
import { CAPACITY, type FuzzReport, fuzz, fuzzEach } from './fuzzer.js';
import { Input } from './input.js';
import { buildMutant, FRAMES_TO_FIND, findBug, openNursery } from './mutants.js';
import { PLANTED } from './planted.js';
import { describeFinding } from './report.js';

const CLEAR_LINE = '\r\x1b[2K';
const PROGRESS_MS = 500;

interface Options {
  frames: number;
  seed: number;
  longest: number;
  input?: string;
  planted?: boolean;
  keep?: boolean;
}

const HELP = `
A failure names the rule, writes the frame to a file, and says how to repeat it. Ctrl-C ends the run after the batch in hand.

Examples:
  $ npm run fuzz -- --frames 1e9 --seed 7
  $ npm run fuzz -- --input /tmp/maglev-dsr-fuzz-7-1234.txt
  $ npm run fuzz -- --planted`;

const command = new Command('fuzz')
  .description('Frames of every kind and worse, through two hot paths that must do the same and break no rule.')
  .option('--frames <count>', 'how many frames', readCount, 20_000_000)
  .option('--seed <number>', 'where chance begins; the same seed is the same run', readCount, Date.now() % 1_000_000)
  .option('--longest <bytes>', 'longest frame, 512..65550', readCount, CAPACITY)
  .option('--input <file>', 'run the frames of a file, one after the other')
  .option('--planted', 'show that the bugs of planted.ts are found')
  .option('--keep', 'write the shortest input of each kind to test/fuzz/corpus.txt')
  .addHelpText('after', HELP)
  .action((options: Options) => run(options));

await command.parseAsync();

function readCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0)
    throw new InvalidArgumentError('expected a whole number, as 1000000 or 1e6');
  return count;
}

async function run(options: Options): Promise<void> {
  try {
    if (options.input !== undefined) await runInputs(options.input, options.longest);
    else if (options.planted) await runPlanted(options.seed);
    else await runFrames(options);
  } catch (error) {
    process.stderr.write(`\n${((await describeFinding(error)) as Error).message}\n`);
    process.exitCode = 1;
  }
}

async function runFrames({ frames, seed, longest, keep }: Options): Promise<void> {
  const stop = { wanted: false };
  process.once('SIGINT', () => {
    stop.wanted = true;
  });
  console.log(`seed ${seed}, ${frames} frames`);
  const corpus = readCorpus(longest);
  const begun = performance.now();
  let shown = begun;
  const report = await fuzz({
    ...{ seed, frames, capacity: longest, corpus: corpus.values() },
    progress: (state) => {
      const now = performance.now();
      if (process.stderr.isTTY && now - shown >= PROGRESS_MS) {
        process.stderr.write(`${CLEAR_LINE}${lineOf(state, now - begun)}`);
        shown = now;
      }
      return stop.wanted;
    },
  });
  if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
  console.log(lineOf(report, performance.now() - begun));
  for (const { number, name } of VERDICTS) console.log(`  ${name.padEnd(26)} ${report.verdicts[number]}`);
  if (keep) writeCorpus(report.shortest);
}

function lineOf({ frames, forwarded, paths }: FuzzReport, ms: number): string {
  const share = frames === 0 ? 0 : Math.round((100 * forwarded) / frames);
  return `${frames} frames, ${share} % forwarded, ${paths} paths, ${Math.round(frames / ms)} frames/ms`;
}

/** The lines of a file as corpus.txt has them, or as a finding was written. */
async function runInputs(file: string, longest: number): Promise<void> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const inputs = lines.map((line) => {
    const input = new Input(longest);
    input.fromText(line.slice(line.lastIndexOf(':') + 1));
    return input;
  });
  for (const reached of await fuzzEach(inputs, longest)) console.log(reached);
}

async function runPlanted(seed: number): Promise<void> {
  const nursery = await openNursery();
  let missed = 0;
  try {
    for (const planted of PLANTED) {
      const found = await findBug(await buildMutant(planted, nursery.folder), FRAMES_TO_FIND, seed);
      if (found === undefined) missed++;
      console.log(`${found === undefined ? 'MISSED' : 'found '}  ${planted.name}\n          ${found?.message ?? ''}`);
    }
  } finally {
    await nursery.remove();
  }
  console.log(`${PLANTED.length - missed} of ${PLANTED.length} planted bugs found`);
  if (missed > 0) process.exitCode = 1;
}
