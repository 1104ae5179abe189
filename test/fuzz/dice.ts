// test/fuzz/dice.ts: chance for the fuzzer: sfc32 (Chris Doty-Humphrey, PractRand), a few nanoseconds a number. Who has the
// seed has the run.

/** A source of chance that begins at a seed. */
export class Dice {
  private a: number;
  private b: number;
  private c: number;
  private count = 1;

  constructor(seed: number) {
    this.a = seed | 0;
    this.b = (seed ^ 0x9e37_79b9) | 0;
    this.c = 0x5eed | 0;
    for (let i = 0; i < 12; i++) this.next(); // PractRand's own warming up
  }

  /** 32 bits, signed. */
  next(): number {
    const sum = (this.a + this.b + this.count) | 0;
    this.count = (this.count + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum;
  }

  /** An integer of 0..below - 1, of the upper half of a number: `below` is at most 65536. */
  below(below: number): number {
    return ((this.next() >>> 16) * below) >>> 16;
  }

  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}
