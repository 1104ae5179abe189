// host/membership/verifier.ts: which signed records are taken: of a key that is known and good at that time, over this very record, and newer
// than all that the record has said. Everything but the last is a function of the message and the keys, so that balancers decide alike.
import { createHash, type KeyObject } from 'node:crypto';
import { optionError } from '../errors.js';
import { type Broken, showValue } from './refusal.js';
import {
  isSignedBy,
  isSignedBySoon,
  readKeyFile,
  readKeyId,
  readPublicKey,
  type Signature,
  signedBytes,
} from './signature.js';
import type { TopicRecord } from './validate.js';

/** A key whose records are taken. */
export interface VerifyKey {
  /** Its name, as records say it: 1..64 letters, digits, dots, dashes, underscores. */
  id: string;
  /** Ed25519: PEM (SPKI), or a KeyObject. This, or `file`. */
  publicKey?: string | Uint8Array | KeyObject;
  /** File of the key, PEM. */
  file?: string;
  /** Records signed before are refused. Unix time, ms. */
  notBeforeMs?: number;
  /** Records signed then or later are refused; those from before stay good. Unix time, ms. */
  notAfterMs?: number;
}

/** What is asked of records. */
export interface VerifyOptions {
  /** Keys, 1..32. Two may be good at a time, so that one can take the other's place. */
  verifyKeys: readonly VerifyKey[];
  /**
   * Longest time between the signature of a record and its message, ms, 1000..2^53 - 1: what was signed long ago and is published again is refused, also
   * by a balancer that starts and knows nothing newer. The topic needs `message.timestamp.type=LogAppendTime`, or the timestamp is what
   * the publisher says it is. Default: any time.
   */
  maxDelayMs?: number;
}

/** Where a message stood. */
export interface MessageAt {
  partition: number;
  offset: number;
  timestampMs: number;
}

/** The newest that a record has said. */
export interface Newest {
  seq: number;
  /** SHA-256 over what was signed, 16 bytes in base64. */
  digest: string;
  isRemoved: boolean;
  /** Fingerprint of the key that signed it. */
  by: string;
  at: MessageAt;
}

/** What was signed, and whether that was by the key that it names. */
interface Checked {
  bytes: Uint8Array;
  isSigned: boolean;
}

/** `taken`: it counts. `past`: said before something that counts, and read again; it changes nothing. */
export type Judgement = 'taken' | 'past' | Broken;

const KEYS_MAX = 32;
const DELAY_MIN_MS = 1000;

interface KnownKey {
  publicKey: KeyObject;
  fingerprint: string;
  notBeforeMs: number;
  notAfterMs: number;
}

export class Verifier {
  private readonly keys = new Map<string, KnownKey>();
  private readonly maxDelayMs: number;
  private readonly newest = new Map<string, Newest>();
  private readonly checked = new WeakMap<TopicRecord, Checked>();

  /** Throws ERR_OPTION. */
  constructor(
    private readonly topic: string,
    { verifyKeys, maxDelayMs = Number.POSITIVE_INFINITY }: VerifyOptions,
  ) {
    if (!Array.isArray(verifyKeys) || verifyKeys.length < 1 || verifyKeys.length > KEYS_MAX) {
      throw optionError('verifyKeys', verifyKeys?.length, `must be a list of 1..${KEYS_MAX} keys`);
    }
    for (const [i, key] of verifyKeys.entries()) this.addKey(`verifyKeys[${i}]`, key);
    const isDelay = maxDelayMs === Number.POSITIVE_INFINITY || Number.isSafeInteger(maxDelayMs);
    if (!isDelay || maxDelayMs < DELAY_MIN_MS) throw optionError('maxDelayMs', maxDelayMs, 'must be 1000 or more');
    this.maxDelayMs = maxDelayMs;
  }

  /** Looks at the signature of a record on another thread, so that `judge` of that record need not: nearly all that it takes. */
  async check(record: TopicRecord): Promise<void> {
    const { key, signed } = record;
    if (signed === undefined) return;
    const { signature, value } = signed;
    const known = this.keys.get(signature.key);
    if (known === undefined) return;
    try {
      const bytes = signedBytes(this.topic, key, value);
      this.checked.set(record, { bytes, isSigned: await isSignedBySoon(known.publicKey, bytes, signature.sig) });
    } catch {
      // judge() comes to the same, and says it
    }
  }

  /** Judges a record that breaks no other rule, and remembers one that is taken. */
  judge(record: TopicRecord, at: MessageAt): Judgement {
    const { key, signed } = record;
    if (signed === undefined) return this.judgeUnsigned(record);
    const { signature } = signed;
    const known = this.keys.get(signature.key);
    if (known === undefined) return { field: 'signature.key', value: showValue(signature.key), rule: this.keysRule() };
    const untimely = timeRule(signature, known);
    if (untimely !== undefined) return seqBroken(signature, untimely);
    const checked = this.checked.get(record) ?? this.checkNow(key, signed, known);
    if ('rule' in checked) return checked;
    const { bytes, isSigned } = checked;
    if (!isSigned) {
      const rule = `expected that of key ${signature.key} over this topic, key and value`;
      return { field: 'signature.sig', value: 'is wrong', rule };
    }
    const lateMs = at.timestampMs - signature.seq;
    if (lateMs > this.maxDelayMs) {
      return seqBroken(
        signature,
        `expected at most ${this.maxDelayMs} ms before its message, which came ${lateMs} ms later`,
      );
    }
    const digest = createHash('sha256').update(bytes).digest().subarray(0, 16).toString('base64');
    const isRemoved = record.step.kind === 'remove';
    return this.judgeSequence(key, { seq: signature.seq, digest, isRemoved, by: known.fingerprint, at });
  }

  /** The highest `seq` that a record has had; undefined for one that was not there. */
  seqOf(key: string): number | undefined {
    return this.newest.get(key)?.seq;
  }

  /** The newest of every record, for a snapshot. */
  entries(): IterableIterator<[key: string, newest: Newest]> {
    return this.newest.entries();
  }

  /** Goes on from what another run knew. */
  restore(entries: Iterable<readonly [string, Newest]>): void {
    for (const [key, newest] of entries) this.newest.set(key, newest);
  }

  /** True when records signed by the key of that fingerprint are still taken. */
  knows(fingerprint: string): boolean {
    return [...this.keys.values()].some((key) => key.fingerprint === fingerprint);
  }

  private addKey(
    option: string,
    { id, publicKey, file, notBeforeMs = 0, notAfterMs = Number.POSITIVE_INFINITY }: VerifyKey,
  ): void {
    readKeyId(`${option}.id`, id);
    if (this.keys.has(id)) throw optionError(`${option}.id`, id, 'must not be there twice');
    if ((publicKey === undefined) === (file === undefined)) {
      throw optionError(option, id, 'must have publicKey or file');
    }
    const key =
      file === undefined
        ? readPublicKey(`${option}.publicKey`, publicKey as KeyObject)
        : readPublicKey(`${option}.file ${file}`, readKeyFile(`${option}.file`, file));
    if (!(notBeforeMs >= 0)) throw optionError(`${option}.notBeforeMs`, notBeforeMs, 'must be Unix time in ms');
    if (!(notAfterMs > notBeforeMs))
      throw optionError(`${option}.notAfterMs`, notAfterMs, 'must be later than notBeforeMs');
    // Of name and key: a name that was given to another key does not vouch for what the first one signed.
    const der = key.export({ type: 'spki', format: 'der' });
    const fingerprint = createHash('sha256').update(`${id}\n`).update(der).digest().subarray(0, 16).toString('base64');
    this.keys.set(id, { publicKey: key, fingerprint, notBeforeMs, notAfterMs });
  }

  private checkNow(
    key: string,
    { signature, value }: NonNullable<TopicRecord['signed']>,
    { publicKey }: KnownKey,
  ): Checked | Broken {
    try {
      const bytes = signedBytes(this.topic, key, value);
      return { bytes, isSigned: isSignedBy(publicKey, bytes, signature.sig) };
    } catch (error) {
      return { field: 'value', value: 'is not canonical', rule: (error as Error).message };
    }
  }

  // A tombstone cannot be signed. Where nothing is left to remove it does no harm, and lets compaction clean up behind a removal.
  private judgeUnsigned({ key, step }: TopicRecord): Judgement {
    const isTombstone = step.kind === 'remove';
    const newest = this.newest.get(key);
    if (isTombstone && (newest === undefined || newest.isRemoved)) return 'taken';
    const help = isTombstone ? '; a removal is {"v":1,"removed":true} with one' : '';
    return { field: 'signature', value: 'is missing', rule: `${this.keysRule()}${help}` };
  }

  private judgeSequence(key: string, next: Newest): Judgement {
    const before = this.newest.get(key);
    const isNewer = before === undefined || next.seq > before.seq;
    if (isNewer || (next.seq === before.seq && next.digest === before.digest)) {
      this.newest.set(key, next);
      return 'taken';
    }
    if (isBefore(next.at, before.at)) return 'past';
    const isSame = next.seq === before.seq;
    const why = isSame ? 'has stood for another value' : 'is older than what this record has said: published again';
    return { field: 'signature.seq', value: `${next.seq} ${why}`, rule: `expected above ${before.seq}` };
  }

  private keysRule(): string {
    const ids = [...this.keys.keys()];
    return `expected a signature of ${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ', ...' : ''}`;
  }
}

// In one partition by offset. Across two, which only a topic that has grown has for one key, by the clock of the topic.
function isBefore(at: MessageAt, other: MessageAt): boolean {
  return at.partition === other.partition ? at.offset < other.offset : at.timestampMs < other.timestampMs;
}

function timeRule({ seq, key }: Signature, { notBeforeMs, notAfterMs }: KnownKey): string | undefined {
  if (seq < notBeforeMs) return `expected ${notBeforeMs} or later: key ${key} was not good before`;
  return seq < notAfterMs ? undefined : `expected below ${notAfterMs}: key ${key} was not good any more`;
}

function seqBroken({ seq }: Signature, rule: string): Broken {
  return { field: 'signature.seq', value: `${seq}`, rule };
}
