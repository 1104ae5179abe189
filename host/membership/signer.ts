// host/membership/signer.ts: signs what a publisher writes.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { RECORD_VERSION } from './envelope.js';
import { readKeyId, readPrivateKey, signValue } from './signature.js';

/** A key to sign with. */
export interface SignerOptions {
  /** Name of the key, as balancers know it. */
  keyId: string;
  /** Ed25519: PEM (PKCS#8, not encrypted), or a KeyObject. `maglev-dsr keygen` makes one. */
  privateKey: string | Uint8Array | KeyObject;
  /** Unix time, ms. Default: `Date.now`. */
  nowMs?: () => number;
}

/** What is signed. */
export interface Unsigned {
  /** The topic it is for: a signature is good in no other. */
  topic: string;
  /** Of the record, in its one spelling. */
  key: string;
  /** The value, JSON of an object; null: that the key is removed. A signature that it has is replaced. */
  value: string | null;
  /** The highest `seq` that the record is known to have had. Default: none. */
  after?: number;
}

/** Signs values of a topic. */
export interface Signer {
  /** Name of the key that it signs with. */
  readonly keyId: string;
  /** What its signatures are verified with. */
  readonly publicKey: KeyObject;
  /** The value with its signature. Its `seq` is the time, but above `after` and above what this signer gave the record before. */
  sign(what: Unsigned): string;
}

/** Makes a signer. Throws ERR_OPTION for a name or a key that is none; no error has a word of the key. */
export function createSigner({ keyId, privateKey, nowMs = Date.now }: SignerOptions): Signer {
  const by = { keyId: readKeyId('keyId', keyId), privateKey: readPrivateKey('privateKey', privateKey) };
  const given = new Map<string, number>(); // seq by topic and key
  return {
    keyId,
    publicKey: createPublicKey(by.privateKey),
    sign({ topic, key, value, after = 0 }) {
      const record = value === null ? { v: RECORD_VERSION, removed: true } : JSON.parse(value);
      const name = `${topic} ${key}`;
      const seq = Math.max(nowMs(), after + 1, (given.get(name) ?? 0) + 1);
      given.set(name, seq);
      return JSON.stringify(signValue({ topic, key, value: record }, { ...by, seq }));
    },
  };
}
