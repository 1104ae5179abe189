// Signatures: golden ones made by Python and OpenSSL (test/golden/signature.py); then a producer who may write to the topic, and has every record
// that was ever signed, but no key.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MaglevError } from '../../host/errors.js';
import { formatRefusal, refusalAt } from '../../host/membership/refusal.js';
import { isSignedBy, signedBytes, signValue } from '../../host/membership/signature.js';
import { createSigner, type Signer } from '../../host/membership/signer.js';
import type { TopicMessage } from '../../host/membership/sources/kafkaTopic.js';
import { Translator } from '../../host/membership/sources/kafkaTranslator.js';
import { isRefusal, readTopicRecord, type TopicRecord } from '../../host/membership/validate.js';
import { Verifier, type VerifyKey, type VerifyOptions } from '../../host/membership/verifier.js';
import { random } from '../support/random.js';

const Signature = suite('membership/signature');

const TOPIC = 'balancer-members';
const WEB = 'tcp/192.0.2.80:80';
const NINE = `${WEB}/10.0.1.9`;
const NOON = 1_764_072_000_000;
const backend = (extra: object = {}) => JSON.stringify({ v: 1, vip: WEB, address: '10.0.1.9', ...extra });

/** A key, its signer at a clock that stands still, and how balancers know it. */
function makeKey(id: string): { key: VerifyKey; signer: Signer; privateKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { key: { id, publicKey }, signer: createSigner({ keyId: id, privateKey, nowMs: () => NOON }), privateKey };
}

/** A balancer that reads what is published, at offset 0, 1, ... of partition 0 unless said otherwise. */
class Reader {
  private offset = 0;
  readonly verifier: Verifier;
  constructor(keys: VerifyKey[], options: Partial<VerifyOptions> = {}) {
    this.verifier = new Verifier(TOPIC, { verifyKeys: keys, ...options });
  }
  /** `taken`, `past`, or the line that refuses it. */
  read(
    value: string | null,
    at: { offset?: number; partition?: number; timestampMs?: number } = {},
    key = NINE,
  ): string {
    const { offset = this.offset++, partition = 0, timestampMs = NOON } = at;
    const place = { where: `event at offset ${offset}`, ignored: 'event' } as const;
    const record = readTopicRecord(Buffer.from(key), value === null ? null : Buffer.from(value), place);
    if (isRefusal(record)) return formatRefusal(record);
    const judgement = this.verifier.judge(record as TopicRecord, { offset, partition, timestampMs });
    return typeof judgement === 'string' ? judgement : formatRefusal(refusalAt(place, { ...judgement, key }));
  }
}

const GOLDEN_KEY = 'MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g'; // RFC 8032, section 7.1, TEST 1
const GOLDEN = [
  {
    key: NINE,
    value: { v: 1, vip: WEB, address: '10.0.1.9', weight: 3, note: 'größer als € \n' },
    seq: 1764072000000,
    text: '{"domain":"maglev-dsr record 1","key":"tcp/192.0.2.80:80/10.0.1.9","topic":"balancer-members","value":{"address":"10.0.1.9","note":"größer als € \\n","signature":{"key":"ops-1","seq":1764072000000},"v":1,"vip":"tcp/192.0.2.80:80","weight":3}}',
    sig: 'wqkc0SdtYyqoZxJ/QlI0faqn+Zi0/YCvixTSAYO+/XnpaGLiEAmKLgcdNY/7RhlNqbvkyhBRBL5bz5RP2krRBA==',
  },
  {
    key: WEB,
    value: { v: 1, removed: true },
    seq: 1764072000001,
    text: '{"domain":"maglev-dsr record 1","key":"tcp/192.0.2.80:80","topic":"balancer-members","value":{"removed":true,"signature":{"key":"ops-1","seq":1764072000001},"v":1}}',
    sig: 'kWsMyOEH/kOKdkrnwXtMVCdOXPoW1T71WdByE5KK7iVOzJ6/fu+qI7gokZEhoRlMKt65r5j0gdmT3CnThS3BBQ==',
  },
];

Signature('are those that Python and OpenSSL make', () => {
  const privateKey = createPrivateKey({ key: Buffer.from(GOLDEN_KEY, 'base64'), format: 'der', type: 'pkcs8' });
  for (const { key, value, seq, text, sig } of GOLDEN) {
    const signed = signValue({ topic: TOPIC, key, value }, { keyId: 'ops-1', seq, privateKey });
    assert.equal(signed, { ...value, signature: { key: 'ops-1', seq, sig } });
    assert.is(signedBytes(TOPIC, key, signed).toString(), text);
    assert.ok(isSignedBy(createPublicKey(privateKey), Buffer.from(text), sig));
    const reader = new Reader([{ id: 'ops-1', publicKey: createPublicKey(privateKey) }]);
    assert.is(reader.read(JSON.stringify(signed, null, 3), {}, key), 'taken');
  }
});

Signature('nothing that was signed may differ: record, key, topic, sequence, name, unknown fields', () => {
  const { key, signer } = makeKey('ops-1');
  const sign = (topic = TOPIC, recordKey = NINE) =>
    JSON.parse(signer.sign({ topic, key: recordKey, value: backend({ weight: 3, rack: { row: 1 } }) }));
  const good = sign();
  const wrong = `signature.sig is wrong for backend 10.0.1.9, expected that of key ops-1 over this topic, key and value; event ignored`;
  const changed: [string, object][] = [
    ['weight', { ...good, weight: 65535 }],
    ['a field more', { ...good, state: 'down' }],
    ['a field that nobody knows', { ...good, rack: { row: 2 } }],
    ['for other balancers', { ...good, scope: 'edge' }],
    ['removed', { ...good, removed: true }],
    ['a later sequence', { ...good, signature: { ...good.signature, seq: NOON + 5 } }],
    ['more in the signature', { ...good, signature: { ...good.signature, note: 1 } }],
    ['another topic', sign('test-members')],
    ['another record', sign(TOPIC, `${WEB}/10.0.1.8`)],
    ['a signature of zeros', { ...good, signature: { ...good.signature, sig: `${'A'.repeat(86)}==` } }],
  ];
  for (const [what, value] of changed) {
    assert.is(new Reader([key]).read(JSON.stringify(value)), `event at offset 0: ${wrong}`, what);
  }
  assert.is(new Reader([key]).read(JSON.stringify(good)), 'taken');
});

Signature('without one, of a key nobody knows, or of no shape: refused by name', () => {
  const { key, signer } = makeKey('ops-1');
  const stranger = makeKey('mallory').signer;
  const impostor = makeKey('ops-1').signer;
  const reader = new Reader([key, makeKey('ops-2').key]);
  const of = (by: Signer) => by.sign({ topic: TOPIC, key: NINE, value: backend() });
  const tail = 'for backend 10.0.1.9, expected';
  const signed = JSON.parse(of(signer));
  const lines: [string | null, string][] = [
    [backend(), `signature is missing ${tail} a signature of ops-1, ops-2`],
    [of(stranger), `signature.key "mallory" ${tail} a signature of ops-1, ops-2`],
    [of(impostor), `signature.sig is wrong ${tail} that of key ops-1 over this topic, key and value`],
    [backend({ signature: 'yes' }), `signature "yes" ${tail} an object with key, seq and sig`],
    [backend({ signature: { ...signed.signature, sig: 'AA==' } }), `signature.sig "AA==" ${tail} 64 bytes in base64`],
    [backend({ signature: { ...signed.signature, seq: 1.5 } }), `signature.seq 1.5 ${tail} Unix time in ms`],
    [
      backend({ note: '\ud800', signature: signed.signature }),
      `value is not canonical ${tail} Unicode, not half a surrogate pair`,
    ],
  ];
  lines.forEach(([value, line], offset) => {
    assert.is(reader.read(value), `event at offset ${offset}: ${line}; event ignored`);
  });
  assert.is(reader.read(of(signer)), 'taken');
});

Signature(
  'looked at on other threads, many at a time: just what is told when each is looked at in its turn',
  async () => {
    const { key, signer } = makeKey('ops-1');
    const impostor = makeKey('ops-1').signer;
    const stranger = makeKey('mallory').signer;
    const chance = random(7);
    const counts = { good: 0, again: 0, bad: 0 };
    const sign = (by: Signer, weight: number) => by.sign({ topic: TOPIC, key: NINE, value: backend({ weight }) });
    const first = sign(signer, 1000);
    const { signature } = JSON.parse(first);
    const write = (): string | null => {
      const weight = chance.int(1000);
      const kind = chance.pick(['good', 'good', 'good', 'again', 'bad'] as const);
      counts[kind]++;
      if (kind === 'good') return sign(signer, weight);
      if (kind === 'again') return first;
      const unsigned = [null, backend({ weight }), backend({ note: '\ud800', signature }), 'no JSON'];
      return chance.pick([...unsigned, sign(impostor, weight), sign(stranger, weight)]);
    };
    const messages = [first, ...Array.from({ length: 700 }, write)].map((text, offset): TopicMessage => {
      const value = text === null ? null : Buffer.from(text);
      return { partition: 0, offset, key: Buffer.from(NINE), value, timestampMs: NOON };
    });
    const newTranslator = () => new Translator(TOPIC, undefined, new Verifier(TOPIC, { verifyKeys: [key] }));
    const read = (translator: Translator) =>
      messages.flatMap((message) => [...translator.take(message), ...translator.flush()]);
    const inTurn = read(newTranslator());
    const together = newTranslator();
    await together.check(messages);
    assert.equal(read(together), inTurn);
    const tell = (type: string) => inTurn.filter((event) => event.type === type).length;
    assert.equal([tell('changes'), tell('refused')], [1 + counts.good, counts.again + counts.bad]);
    assert.ok(counts.good > 350 && counts.again > 100 && counts.bad > 100, JSON.stringify(counts));
  },
);

Signature('an old record published again is refused; the one that counts may come twice', () => {
  const { key, signer } = makeKey('ops-1');
  const [first, second, third] = [1, 2, 3].map((weight) =>
    signer.sign({ topic: TOPIC, key: NINE, value: backend({ weight }) }),
  ) as [string, string, string];
  const reader = new Reader([key]);
  assert.equal(
    [first, second, second, third].map((value) => reader.read(value)),
    ['taken', 'taken', 'taken', 'taken'],
  );
  for (const [offset, value, seq] of [
    [4, first, NOON],
    [5, second, NOON + 1],
  ] as const) {
    const why = 'is older than what this record has said: published again';
    assert.is(
      reader.read(value),
      `event at offset ${offset}: signature.seq ${seq} ${why} for backend 10.0.1.9, expected above ${NOON + 2}; event ignored`,
    );
  }
  // Into another partition, where its key does not belong.
  assert.match(reader.read(first, { partition: 1, offset: 0, timestampMs: NOON + 9 }), /published again/);
  assert.is(reader.read(third), 'taken');
});

Signature(
  'the topic read again from its start: what was said before is past, what was published again still refused',
  () => {
    const { key, signer } = makeKey('ops-1');
    const log = [1, 2, 3].map((weight) => signer.sign({ topic: TOPIC, key: NINE, value: backend({ weight }) }));
    log.push(log[0] as string);
    const reader = new Reader([key]);
    const outcomes = () =>
      log.map((value, offset) => reader.read(value, { offset }).replace(/.* (published again).*/, '$1'));
    assert.equal(outcomes(), ['taken', 'taken', 'taken', 'published again']);
    assert.equal(outcomes(), ['past', 'past', 'taken', 'published again']);
  },
);

Signature('one sequence, two values: the first counts', () => {
  const { key, privateKey } = makeKey('ops-1');
  const of = (weight: number) =>
    createSigner({ keyId: 'ops-1', privateKey, nowMs: () => NOON }).sign({
      topic: TOPIC,
      key: NINE,
      value: backend({ weight }),
    });
  const reader = new Reader([key]);
  assert.is(reader.read(of(1)), 'taken');
  assert.is(
    reader.read(of(2)),
    `event at offset 1: signature.seq ${NOON} has stood for another value for backend 10.0.1.9, expected above ${NOON}; event ignored`,
  );
});

Signature('removals are signed values; a tombstone only cleans up behind one', () => {
  const { key, signer } = makeKey('ops-1');
  const reader = new Reader([key]);
  const put = signer.sign({ topic: TOPIC, key: NINE, value: backend() });
  const removal = signer.sign({ topic: TOPIC, key: NINE, value: null });
  assert.is(reader.read(null), 'taken'); // nothing is there that it could take away
  assert.is(reader.read(put), 'taken');
  const help = 'expected a signature of ops-1; a removal is {"v":1,"removed":true} with one';
  assert.is(reader.read(null), `event at offset 2: signature is missing for backend 10.0.1.9, ${help}; event ignored`);
  assert.match(reader.read('{"v":1,"removed":true}'), /^event at offset 3: signature is missing/);
  assert.is(reader.read(removal), 'taken');
  assert.is(reader.read(null), 'taken');
  assert.match(reader.read(put), /published again/); // nobody is brought back
});

Signature('keys change: both are good for a while, each in its time; a name is not a key', () => {
  const [old, fresh] = [makeKey('ops-1'), makeKey('ops-2')];
  const sign = (by: Signer, after: number) => by.sign({ topic: TOPIC, key: NINE, value: backend(), after });
  const reader = new Reader([
    { ...old.key, notAfterMs: NOON + 1000 },
    { ...fresh.key, notBeforeMs: NOON + 500 },
  ]);
  assert.match(
    reader.read(sign(fresh.signer, NOON)),
    /signature\.seq 1764072000001 for backend 10\.0\.1\.9, expected 1764072000500 or later: key ops-2 was not good before; event ignored$/,
  );
  assert.is(reader.read(sign(old.signer, NOON)), 'taken');
  assert.is(reader.read(sign(fresh.signer, NOON + 600)), 'taken');
  assert.is(reader.read(sign(old.signer, NOON + 700)), 'taken');
  assert.match(
    reader.read(sign(old.signer, NOON + 1000)),
    /expected below 1764072001000: key ops-1 was not good any more/,
  );
  // The old key is taken away; its name goes to another.
  const later = new Reader([{ ...fresh.key, id: 'ops-1' }]);
  assert.match(later.read(sign(old.signer, NOON)), /signature\.sig is wrong/);
});

Signature('maxDelayMs: what was signed long before its message is refused, also by one who knows nothing newer', () => {
  const { key, signer } = makeKey('ops-1');
  const old = signer.sign({ topic: TOPIC, key: NINE, value: backend() });
  const again = { timestampMs: NOON + 60_001 };
  assert.is(new Reader([key]).read(old, again), 'taken'); // that is what it cannot know without
  assert.is(new Reader([key], { maxDelayMs: 60_000 }).read(old, { timestampMs: NOON + 60_000 }), 'taken');
  assert.is(
    new Reader([key], { maxDelayMs: 60_000 }).read(old, again),
    `event at offset 0: signature.seq ${NOON} for backend 10.0.1.9, expected at most 60000 ms before its message, which came 60001 ms later; event ignored`,
  );
});

Signature('what one run knew the next goes on from', () => {
  const { key, signer } = makeKey('ops-1');
  const [first, second] = [1, 2].map((weight) =>
    signer.sign({ topic: TOPIC, key: NINE, value: backend({ weight }) }),
  ) as [string, string];
  const reader = new Reader([key]);
  reader.read(first);
  reader.read(second);
  const next = new Reader([key]);
  next.verifier.restore(JSON.parse(JSON.stringify([...reader.verifier.entries()])));
  assert.match(next.read(first, { offset: 7 }), /published again/);
  assert.is(next.read(second, { offset: 8 }), 'taken');
  for (const [, { by }] of reader.verifier.entries()) {
    assert.ok(next.verifier.knows(by));
    assert.not(new Reader([makeKey('ops-1').key]).verifier.knows(by));
  }
});

Signature('sequences go up, whatever the clock does, and above what is known', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  let now = NOON;
  const signer = createSigner({ keyId: 'ops-1', privateKey, nowMs: () => now });
  const seq = (after?: number, key = NINE): number =>
    JSON.parse(signer.sign({ topic: TOPIC, key, value: backend(), ...(after !== undefined && { after }) })).signature
      .seq;
  assert.equal([seq(), seq(), seq(NOON + 100)], [NOON, NOON + 1, NOON + 101]);
  now -= 5000;
  assert.equal([seq(), seq(undefined, WEB)], [NOON + 102, NOON - 5000]);
  now += 60_000;
  assert.is(seq(), NOON + 55_000);
});

Signature('keys that are none are refused at once, without a word of them', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const secret = pem.split('\n')[1] as string;
  const options: [() => unknown, string, RegExp][] = [
    [() => createSigner({ keyId: 'ops 1', privateKey }), 'keyId', /letters, digits/],
    [() => createSigner({ keyId: 'ops-1', privateKey: rsa.privateKey }), 'privateKey', /Ed25519 private key in PEM/],
    [() => createSigner({ keyId: 'ops-1', privateKey: publicKey }), 'privateKey', /Ed25519 private key/],
    [() => createSigner({ keyId: 'ops-1', privateKey: pem.slice(0, 60) }), 'privateKey', /Ed25519 private key/],
    [() => new Verifier(TOPIC, { verifyKeys: [] }), 'verifyKeys', /1\.\.32 keys/],
    [() => new Verifier(TOPIC, { verifyKeys: [{ id: 'a', publicKey: pem }] }), 'verifyKeys[0].publicKey', /public key/],
    [() => new Verifier(TOPIC, { verifyKeys: [{ id: 'a' }] }), 'verifyKeys[0]', /publicKey or file/],
    [() => new Verifier(TOPIC, { verifyKeys: [{ id: 'a', file: '/nowhere/a.pem' }] }), 'verifyKeys[0].file', /ENOENT/],
    [
      () =>
        new Verifier(TOPIC, {
          verifyKeys: [
            { id: 'a', publicKey },
            { id: 'a', publicKey },
          ],
        }),
      'verifyKeys[1].id',
      /twice/,
    ],
    [
      () => new Verifier(TOPIC, { verifyKeys: [{ id: 'a', publicKey, notBeforeMs: 5, notAfterMs: 5 }] }),
      'verifyKeys[0].notAfterMs',
      /later than notBeforeMs/,
    ],
    [() => new Verifier(TOPIC, { verifyKeys: [{ id: 'a', publicKey }], maxDelayMs: 10 }), 'maxDelayMs', /1000 or more/],
  ];
  for (const [make, option, rule] of options) {
    try {
      make();
      assert.unreachable(option);
    } catch (thrown) {
      const error = thrown as MaglevError;
      assert.equal([error.code, error.option], ['ERR_OPTION', option]);
      assert.match(error.message, rule);
      assert.not(error.message.includes(secret.slice(0, 20)));
      assert.is(error.cause, undefined);
    }
  }
});

Signature.run();
