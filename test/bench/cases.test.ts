// Which results there are, and what statistics say of known numbers.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseCases } from '../../bench/cases.js';
import { frameSource } from '../../bench/frames.js';
import { randomSource } from '../../bench/random.js';
import { SHAPE_DEFAULT } from '../../bench/shape.js';
import { median, ratioSpread, spread, verdictOf } from '../../bench/statistics.js';
import { chooseStudies } from '../../bench/studies.js';

const names = (...args: Parameters<typeof chooseCases>) => chooseCases(...args).map(({ name }) => name);

const Cases = suite('bench/cases');
Cases('measures the usual ones when nothing is named', () => {
  assert.equal(names(SHAPE_DEFAULT, {}), [
    'core.ipip4.stateless',
    'core.ipip6.stateless',
    'core.gue4.stateless',
    'core.gre4.stateless',
    'core.l2.stateless',
    'core.ipip4.tracked',
    'core.ipip4.flows1m',
    'core.default.zipf',
    'core.default.uniform',
    'core.ipip4.stateless.jhash',
    'table.build.65537',
    'table.build.655373',
  ]);
});
Cases('takes names and their beginnings, up to a dot', () => {
  assert.equal(names(SHAPE_DEFAULT, { only: ['core.l2v6'] }), ['core.l2v6.stateless', 'core.l2v6.tracked']);
  assert.equal(names(SHAPE_DEFAULT, { only: ['table.build.5000011'] }), ['table.build.5000011']);
  assert.equal(names(SHAPE_DEFAULT, { only: ['core.ipip4.tracked', 'table.build.65537'] }), [
    'core.ipip4.tracked',
    'table.build.65537',
  ]);
});
Cases('takes a name of a table that --table-size makes', () => {
  assert.equal(names({ ...SHAPE_DEFAULT, tableSize: 251 }, { only: ['table.build.251'] }), ['table.build.251']);
});
Cases('encapsulation, family and tracking leave core results only', () => {
  assert.equal(names(SHAPE_DEFAULT, { encap: 'l2', tracking: 'none' }), ['core.l2.stateless', 'core.l2v6.stateless']);
  assert.equal(names(SHAPE_DEFAULT, { family: 6, tracking: 'all' }), [
    'core.ipip6.tracked',
    'core.gue6.tracked',
    'core.gre6.tracked',
    'core.l2v6.tracked',
  ]);
});
Cases('refuses a name that no result has, and says which there are', () => {
  assert.throws(
    () => names(SHAPE_DEFAULT, { only: ['core.ipip'] }),
    /--only "core\.ipip" must be the beginning of one of core\.ipip4\.stateless, /,
  );
});
Cases('studies are named apart, by name or its beginning', () => {
  const named = (...only: string[]) => {
    const { studies, others } = chooseStudies(only);
    return [studies.map(({ name }) => name), others];
  };
  assert.equal(named(), [[], []]);
  assert.equal(
    chooseStudies().studies.map(({ name }) => name),
    ['memory'],
  );
  assert.ok(named('membership')[0]?.includes('membership.start'));
  assert.equal(named('membership.start', 'core.l2', 'membership.st'), [
    ['membership.start'],
    ['core.l2', 'membership.st'],
  ]);
});
Cases('refuses options that leave nothing', () => {
  assert.throws(() => names(SHAPE_DEFAULT, { only: ['core.l2'], family: 6 }), /--only "core\.l2" names nothing/);
});
Cases.run();

const Statistics = suite('bench/statistics');
Statistics('median is the middle, or the mean of the two in the middle', () => {
  assert.is(median([9, 1, 5]), 5);
  assert.is(median([4, 1, 3, 2]), 2.5);
});
Statistics('spread and ratios, round by round', () => {
  assert.equal(spread([3, 1, 2]), { min: 1, median: 2, max: 3 });
  assert.equal(ratioSpread([2, 6, 8], [1, 2, 4]), { min: 2, median: 2, max: 3 });
});
Statistics('says which of two samples is faster, and when nobody can tell', () => {
  const around = (middle: number) => Array.from({ length: 30 }, (_, i) => middle + (i % 5));
  assert.is(verdictOf(around(100), around(120)), 'faster');
  assert.is(verdictOf(around(120), around(100)), 'slower');
  assert.is(verdictOf(around(100), around(100)), 'no difference');
});
Statistics.run();

const Frames = suite('bench/frames');
Frames('the same seed makes the same flows', () => {
  const [a, b, c] = [randomSource(7), randomSource(7), randomSource(8)];
  const first = Array.from({ length: 100 }, a);
  assert.equal(first, Array.from({ length: 100 }, b));
  assert.is.not(first.join(), Array.from({ length: 100 }, c).join());
});
Frames('by Zipf, the first of 1000 flows is 2^1.1 times as frequent as the second', () => {
  const next = frameSource({ ...SHAPE_DEFAULT, flows: 1000, traffic: 'zipf' });
  const counts = new Map<string, number>();
  for (let i = 0; i < 200_000; i++) {
    const flow = Buffer.from(next().subarray(26, 38)).toString('hex');
    counts.set(flow, (counts.get(flow) ?? 0) + 1);
  }
  const [first = 0, second = 0] = [...counts.values()].sort((a, b) => b - a);
  // The sum of k^-1.1 up to 1000 is 5.573: 35888 and 16743 of 200,000 expected.
  assert.ok(Math.abs(first - 35_888) < 900, `${first}`);
  assert.ok(Math.abs(second - 16_743) < 650, `${second}`);
});
Frames('an IPv4 frame is TCP with a header checksum that sums to zero (RFC 1071)', () => {
  const frame = frameSource(SHAPE_DEFAULT)();
  const view = new DataView(frame.buffer);
  assert.is(frame.length, 64);
  assert.is(view.getUint16(12), 0x0800);
  assert.is(view.getUint16(16), 50); // total length
  assert.is(view.getUint8(23), 6);
  let sum = 0;
  for (let at = 14; at < 34; at += 2) sum += view.getUint16(at);
  assert.is((sum & 0xffff) + (sum >>> 16), 0xffff);
});
Frames('an IPv6 frame of 64 bytes is UDP: TCP needs 74', () => {
  const short = new DataView(frameSource({ ...SHAPE_DEFAULT, family: 6 })().buffer);
  assert.is(short.getUint8(20), 17);
  assert.is(short.getUint16(18), 10); // payload length
  assert.is(short.getUint16(58), 10); // UDP length
  const long = new DataView(frameSource({ ...SHAPE_DEFAULT, family: 6, frameBytes: 74 })().buffer);
  assert.is(long.getUint8(20), 6);
});
Frames.run();
