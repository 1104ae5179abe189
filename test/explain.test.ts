// explain() says what the hot path does: the same verdict and the same bytes, and it leaves nothing behind.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { frameSource } from '../bench/frames.js';
import { randomSource } from '../bench/random.js';
import { SHAPE_DEFAULT } from '../bench/shape.js';
import { createHotPath, type HotPath, type Step } from '../host/hotpath.js';
import type { Change } from '../host/membership/event.js';
import { spoil } from './support/spoil.js';

const SECRET = 'maglev-dsr test: explain';
const KEY = 'tcp/198.18.0.1:80';
const MACS = { '10.0.1.1': '02:00:00:00:01:01', '10.0.1.2': '02:00:00:00:01:02', '10.0.1.3': '02:00:00:00:01:03' };
const MEMBERS: Change[] = [
  { put: { address: '198.18.0.1', protocol: 'tcp', port: 80, tableSize: 251 } },
  { put: { vip: KEY, address: '10.0.1.1' } },
  { put: { vip: KEY, address: '10.0.1.2', encap: { type: 'ipip' } } },
  { put: { vip: KEY, address: '10.0.1.3', encap: { type: 'gue' } } },
  { put: { address: '2001:db8:1::1', protocol: 'udp', port: 80, tableSize: 251, hash: 'katran-v1', hashOn: 'source' } },
  { put: { vip: 'udp/[2001:db8:1::1]:80', address: '10.0.1.2', encap: { type: 'gre' } } },
];

const Explain = suite('explain');

async function open(limits = {}): Promise<HotPath> {
  const hotPath = await createHotPath({ hashSecret: SECRET, nextHops: MACS, nowMs: () => 1_000_000_000, ...limits });
  await hotPath.apply(MEMBERS);
  return hotPath;
}
const FLOW = {
  source: '203.0.113.7',
  destination: '198.18.0.1',
  protocol: 'tcp',
  sourcePort: 40_000,
  destinationPort: 80,
} as const;
const texts = (steps: Step[]): string[] => steps.map(({ step, text }) => `${step}: ${text}`);

Explain('tells a 5-tuple from parse to verdict', async () => {
  const hotPath = await open();
  const steps = hotPath.explain({ ...FLOW, isSyn: true });
  assert.equal(
    steps.map(({ step }) => step),
    ['parse', 'vip', 'hash', 'slot', 'backend', 'encap', 'verdict'],
  );
  assert.equal(texts(steps).slice(0, 2), [
    'parse: TCP over IPv4, 203.0.113.7 port 40000 to 198.18.0.1 port 80, SYN',
    'vip: is for tcp/198.18.0.1:80, whose table has 251 slots',
  ]);
  const backend = String(steps[4]?.fields.backend);
  assert.is(steps[5]?.fields.to, MACS[backend as keyof typeof MACS]);
  assert.is(steps[3]?.fields.isTracked, false);
});

Explain('says what is not ours, what is broken, and a hash of another profile', async () => {
  const hotPath = await open();
  const flow = { ...FLOW, destinationPort: 81 };
  assert.equal(texts(hotPath.explain(flow)).slice(1), [
    'verdict: DROP_NO_VIP: sent to a VIP address, but to a protocol or port that no VIP has',
  ]);
  assert.equal(texts(hotPath.explain(new Uint8Array(10))), [
    'parse: a frame of 10 bytes without an IP header that can be trusted',
    'verdict: DROP_TRUNCATED: shorter than its headers say',
  ]);
  const other = hotPath.explain({
    ...flow,
    source: '2001:db8::7',
    destination: '2001:db8:1::1',
    protocol: 'udp',
    destinationPort: 80,
  });
  assert.equal([other[2]?.fields.profile, other[2]?.fields.hashOn], ['katran-v1', 'source']);
  assert.is(other.at(-1)?.fields.verdict, 'FORWARD_GRE');
});

Explain('names the field of a flow that is wrong', async () => {
  const hotPath = await open();
  assert.throws(
    () => hotPath.explain({ ...FLOW, sourcePort: 70_000 }),
    /^sourcePort 70000 must be an integer of 0\.\.65535$/,
  );
  assert.throws(() => hotPath.explain({ ...FLOW, source: '::1' }), /must be of the family of 198\.18\.0\.1/);
  assert.throws(() => hotPath.explain({ ...FLOW, source: 'here' }), /^source "here" must be an IPv4 or IPv6 address$/);
});

Explain('a tracked slot, and nothing is entered by asking', async () => {
  const hotPath = await open();
  await hotPath.apply([{ put: { vip: KEY, address: '10.0.1.1', state: 'draining' } }]); // its slots are tracked now
  const before = hotPath.stats();
  let tracked = 0;
  for (let port = 1; port < 400; port++) {
    const steps = hotPath.explain({ ...FLOW, sourcePort: port, isSyn: true });
    if (steps[3]?.fields.isTracked === true) tracked++;
  }
  assert.ok(tracked > 80 && tracked < 200, `${tracked} of 399 on tracked slots`); // a third of the table moved, and a little
  assert.equal(hotPath.stats(), before);
});

Explain(
  '100,000 frames at random: verdict and bytes are the hot path’s, and asking leaves nothing behind',
  async () => {
    const seed = Number(process.env.SEED ?? 20261124);
    const small = {
      vipsMax: 4,
      backendsMax: 8,
      flowsMax: 1024,
      fragmentsMax: 4,
      fragmentsHeldMax: 1,
      frameBytesMax: 256,
      batchMax: 1,
    };
    const [asked, ran] = [await open(small), await open(small)];
    for (const hotPath of [asked, ran])
      await hotPath.apply([{ put: { vip: KEY, address: '10.0.1.1', state: 'draining' } }]);
    const random = randomSource(seed);
    const sources = ([4, 6] as const).map((family) =>
      frameSource({ ...SHAPE_DEFAULT, family, seed, frameBytes: family === 4 ? 74 : 64 }),
    );
    const batch = asked.batch(1);
    const counts = new Map<string, number>();
    for (let i = 0; i < 100_000; i++) {
      const frame = Uint8Array.from((sources[random() % 4 === 0 ? 1 : 0] as () => Uint8Array)());
      const { bytes, packetType, vlanTci } = random() % 2 === 0 ? spoil(frame, random) : { bytes: frame.length };
      const input = frame.subarray(0, bytes);
      const meta = { ...(packetType !== undefined && { packetType }), ...(vlanTci !== undefined && { vlanTci }) };
      const where = `frame ${i} of seed ${seed}`;
      const verdict = String(asked.explain(input, meta).at(-1)?.fields.verdict);
      const outputs = Array.from({ length: batch.outputs(0) }, (_, k) => {
        const base = batch.outputBase(0, k);
        return Buffer.from(batch.bytes.slice(base, base + batch.outputLength(0, k))).toString('hex');
      });
      const outcome = ran.forward(input, meta);
      if (outcome.verdict !== verdict) assert.is(verdict, outcome.verdict, where);
      if (outcome.frames.length !== outputs.length) assert.is(outputs.length, outcome.frames.length, where);
      outcome.frames.forEach((bytes, k) => {
        if (Buffer.from(bytes).toString('hex') !== outputs[k])
          assert.is(outputs[k], Buffer.from(bytes).toString('hex'), where);
      });
      counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
      // What was asked is now done, so that both know the same flows.
      asked.forward(input, meta);
    }
    assert.ok(counts.size >= 10, `${counts.size} verdicts`);
    assert.equal(asked.stats(), ran.stats());
  },
);
Explain.run();
