// A key that stands in several partitions, as after a topic has grown or with a producer that has another partitioner: however the partitions
// are mixed, and wherever a snapshot was taken, what counts is the same.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Change } from '../../host/membership/event.js';
import type { TopicMessage } from '../../host/membership/sources/kafkaTopic.js';
import { Translator } from '../../host/membership/sources/kafkaTranslator.js';
import { modelRecords } from '../model/topic.js';
import { type Random, withSeeds } from '../support/random.js';

const WEB = 'tcp/192.0.2.80:80';
const PARTITIONS = 3;

const Mixed = suite('membership/translator');

/** A message about 10.0.1.9; no weight removes it. */
function message(partition: number, offset: number, timestampMs: number, weight?: number, host = 9): TopicMessage {
  const address = `10.0.1.${host}`;
  const value = weight === undefined ? null : Buffer.from(JSON.stringify({ v: 1, vip: WEB, address, weight }));
  return { partition, offset, key: Buffer.from(`${WEB}/${address}`), value, timestampMs };
}

/** What a balancer has after the messages, `address weight` in order; all of its memory goes through a snapshot after the first `cut`. */
function read(messages: readonly TopicMessage[], cut = messages.length): string[] {
  const weights = new Map<string, number | undefined>();
  const apply = (change: Change): void => {
    if ('remove' in change) weights.delete(change.remove.split('/').at(-1) ?? '');
    else if ('vip' in change.put) weights.set(change.put.address, change.put.weight);
  };
  let translator = new Translator('t', undefined);
  const take = (message: TopicMessage): void => {
    for (const event of [...translator.take(message), ...translator.flush()]) {
      if (event.type === 'changes') event.changes.forEach(apply);
      else assert.is(event.type, 'reached');
    }
  };
  // Whoever takes a snapshot has seen all partitions, empty ones too.
  for (let partition = 0; partition < PARTITIONS; partition++)
    for (const _ of translator.end({ partition, offset: 0 }));
  messages.slice(0, cut).forEach(take);
  const contents = structuredClone(translator.contents());
  weights.clear();
  translator = new Translator('t', undefined);
  for (const event of translator.restore(contents, 'a snapshot')) {
    if (event.type === 'changes') event.changes.forEach(apply);
  }
  messages.slice(cut).forEach(take);
  return [...weights].map(([address, weight]) => `${address} ${weight}`).sort();
}

/** All ways to read the partitions: each in its order. */
function mixtures(partitions: readonly (readonly TopicMessage[])[]): TopicMessage[][] {
  const open = partitions.filter(({ length }) => length > 0);
  if (open.length === 0) return [[]];
  return open.flatMap((chosen) => {
    const [first, ...rest] = chosen as [TopicMessage, ...TopicMessage[]];
    const others = open.map((each) => (each === chosen ? rest : each));
    return mixtures(others).map((mixture) => [first, ...mixture]);
  });
}

const CASES: readonly [what: string, partitions: TopicMessage[][], expected: string[]][] = [
  ['the later timestamp', [[message(0, 0, 5, 1)], [message(1, 0, 6, 2)]], ['10.0.1.9 2']],
  ['the later timestamp, in the lower partition', [[message(0, 0, 7, 1)], [message(1, 0, 6, 2)]], ['10.0.1.9 1']],
  ['the same timestamp: the higher partition', [[message(0, 0, 5, 1)], [message(1, 0, 5, 2)]], ['10.0.1.9 2']],
  ['a removal that is later', [[message(0, 0, 5, 1)], [message(1, 0, 6)]], []],
  ['a removal that is earlier', [[message(0, 0, 5)], [message(1, 0, 6, 2)]], ['10.0.1.9 2']],
  [
    'a clock that goes back within a partition: its last message, with the latest time it has had',
    [[message(0, 0, 10, 1), message(0, 1, 5, 3)], [message(1, 0, 7, 2)]],
    ['10.0.1.9 3'],
  ],
  [
    'the same, and the other partition is later than all of it',
    [
      [message(0, 0, 10, 1), message(0, 1, 5, 3)],
      [message(1, 0, 11, 2), message(1, 1, 2, 4)],
    ],
    ['10.0.1.9 4'],
  ],
];

for (const [what, partitions, expected] of CASES) {
  Mixed(`a key in two partitions: ${what}`, () => {
    const all = mixtures(partitions);
    assert.ok(all.length >= 2);
    for (const mixture of all)
      for (let cut = 0; cut <= mixture.length; cut++) assert.equal(read(mixture, cut), expected);
    assert.equal(byModel(partitions), expected);
  });
}

Mixed('keys in any partition, times in any order, 300 logs: as the model has it', async () => {
  await withSeeds([1, 2, 3], (chance) => {
    for (let log = 0; log < 100; log++) {
      const partitions = Array.from({ length: PARTITIONS }, (_, partition) => writePartition(partition, chance));
      const expected = byModel(partitions);
      for (let reader = 0; reader < 5; reader++) {
        const mixture = mix(partitions, chance);
        assert.equal(read(mixture, chance.int(mixture.length + 1)), expected);
      }
    }
  });
});

function writePartition(partition: number, chance: Random): TopicMessage[] {
  return Array.from({ length: 1 + chance.int(8) }, (_, offset) => {
    const weight = chance.int(4) === 0 ? undefined : 1 + chance.int(1000);
    return message(partition, offset, chance.int(6), weight, 9 + chance.int(3));
  });
}

function mix(partitions: readonly (readonly TopicMessage[])[], chance: Random): TopicMessage[] {
  const left = partitions.map((messages) => [...messages]);
  const mixture: TopicMessage[] = [];
  for (let open = left; open.length > 0; open = left.filter(({ length }) => length > 0)) {
    mixture.push(chance.pick(open).shift() as TopicMessage);
  }
  return mixture;
}

function byModel(partitions: readonly (readonly TopicMessage[])[]): string[] {
  const records = [...modelRecords(partitions.flat()).values()];
  return records.map(({ address, weight }) => `${address} ${weight}`).sort();
}

Mixed.run();
