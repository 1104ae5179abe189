// test/fuzz/corpus.ts: inputs worth keeping. corpus.txt in the repository has the shortest one found for each verdict and way
// there, a line each: `name: meta frame`, both in hex. A run begins with them and adds what it finds, in memory only.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Dice } from './dice.js';
import { Input } from './input.js';

/** In the source tree: the compiler copies no text files. */
const CORPUS_URL = new URL('../../../test/fuzz/corpus.txt', import.meta.url);

const POOL_MAX = 512;
const RECENT = 64;

/** The inputs to begin with, by name. */
export function readCorpus(capacity: number, url: URL = CORPUS_URL): Map<string, Input> {
  const inputs = new Map<string, Input>();
  for (const line of readFileSync(url, 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const colon = line.indexOf(':');
    const input = new Input(capacity);
    input.fromText(line.slice(colon + 1));
    inputs.set(line.slice(0, colon), input);
  }
  return inputs;
}

/** Writes the corpus in order of names, so that a change of it can be read. */
export function writeCorpus(inputs: ReadonlyMap<string, Input>, url: URL = CORPUS_URL): void {
  const lines = [...inputs].map(([name, input]) => `${name}: ${input.toText()}`).sort();
  const head =
    '# Written by `npm run fuzz -- --keep`. What an input reaches: the first 28 bytes of its meta record (of older lines 24), its frame.';
  writeFileSync(url, `${[head, ...lines].join('\n')}\n`);
}

/** What a run mutates: the corpus, then whatever reached something new, most gladly the latest. */
export class Pool {
  private readonly inputs: Input[] = [];
  private added = 0;

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.inputs.length;
  }

  add(input: Input): void {
    const place = this.added++ % POOL_MAX;
    this.inputs[place] ??= new Input(this.capacity);
    (this.inputs[place] as Input).copyFrom(input);
  }

  /** One of them; undefined while there is none. */
  pick(dice: Dice): Input | undefined {
    const { length } = this.inputs;
    if (length === 0) return undefined;
    if (dice.next() & 1) return this.inputs[dice.below(length)];
    return this.inputs[(this.added - 1 - dice.below(Math.min(length, RECENT)) + POOL_MAX) % Math.min(POOL_MAX, length)];
  }
}
