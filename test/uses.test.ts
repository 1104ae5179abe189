import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Uses } from '../host/uses.js';
import { type Random, withSeeds } from './support/random.js';

const Use = suite('uses');

/** The same with plain sets. */
class Model {
  readonly of = new Map<string, Set<string>>();

  all(): string[] {
    return [...new Set([...this.of.values()].flatMap((things) => [...things]))].sort();
  }

  change(user: string, things: Set<string>): { came: string[]; went: string[] } {
    const before = this.all();
    this.of.set(user, things);
    const after = this.all();
    return {
      came: after.filter((thing) => !before.includes(thing)),
      went: before.filter((thing) => !after.includes(thing)),
    };
  }
}

Use('who came first and who went last, as plain sets say', () =>
  withSeeds([1, 2, 3, 4, 5], async (random: Random) => {
    const [uses, model] = [new Uses(), new Model()];
    for (let i = 0; i < 300; i++) {
      const user = `user${random.int(5)}`;
      const things = Array.from({ length: random.int(6) }, () => `thing${random.int(8)}`);
      const before = model.of.get(user) ?? new Set<string>();
      const unique = [...new Set(things)];
      if (random.int(2) === 0) {
        assert.equal(uses.add(user, unique).sort(), model.change(user, new Set([...before, ...unique])).came);
      } else {
        const kept = new Set(unique.filter((thing) => before.has(thing)));
        assert.equal(uses.keep(user, unique).sort(), model.change(user, kept).went);
      }
      assert.equal([...uses.all].sort(), model.all());
    }
  }),
);

Use.run();
