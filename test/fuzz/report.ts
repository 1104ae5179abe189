// test/fuzz/report.ts: says what the fuzzer found, so that somebody else can see it again.
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CAPACITY, Finding } from './fuzzer.js';

const SHOWN_MAX = 1200;

/** An error that names the file with the failing input and the commands that repeat it; other errors stay as they are. */
export async function describeFinding(error: unknown): Promise<unknown> {
  if (!(error instanceof Finding)) return error;
  const { frame, seed, rule, input, capacity } = error;
  const longest = capacity === CAPACITY ? '' : ` --longest ${capacity}`;
  const again = `npm run fuzz -- --seed ${seed} --frames ${frame + 1}${longest}`;
  const lines = [rule, `all frames up to it again: ${again}`];
  if (input !== undefined) {
    const file = join(tmpdir(), `maglev-dsr-fuzz-${seed}-${frame}.txt`);
    await writeFile(file, `${rule}: ${input.toText()}\n`);
    lines.push(
      `this frame alone:          npm run fuzz -- --input ${file}${longest}`,
      input.toText().slice(0, SHOWN_MAX),
    );
  }
  return new Error(lines.join('\n'), { cause: error });
}
