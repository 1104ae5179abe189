// host/membership/signature.ts: the signature of a record: where it stands, what it is over, and how it is made and checked (Ed25519, RFC
// 8032). docs/TOPIC.md, "Signatures", says the same to producers.
//
//   { "v": 1, ..., "signature": { "key": "ops-1", "seq": 1764072000000, "sig": "..." } }
//
// Signed is the canonical JSON (RFC 8785) of { domain, key, topic, value }, the value without `sig`: so that a signature is good for one
// record of one topic, whatever its bytes look like, and compaction keeps it with what it vouches for.
import { createPrivateKey, createPublicKey, KeyObject, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { optionError } from '../errors.js';
import { canonicalJson } from './canonicalJson.js';

/** What a signature of ours begins with, so that one made for something else says nothing here. */
export const SIGNATURE_DOMAIN = 'maglev-dsr record 1';

const KEY_ID_PATTERN = /^[A-Za-z0-9._-]{1,64}$/;
const KEY_ID_RULE = 'expected a name of 1..64 letters, digits, dots, dashes and underscores';
const SEQ_RULE = 'expected Unix time in ms';
const SIG_RULE = 'expected 64 bytes in base64';

/** Schema of the field `signature`. */
export const signature = z
  .looseObject(
    {
      key: z
        .string({ error: KEY_ID_RULE })
        .regex(KEY_ID_PATTERN, { error: KEY_ID_RULE })
        .meta({ description: 'Name of the key, as balancers know it.' }),
      seq: z
        .number({ error: SEQ_RULE })
        .int({ error: SEQ_RULE })
        .min(1, { error: SEQ_RULE })
        .meta({ description: 'Unix time in ms at which it was signed, but always above the last of this record.' }),
      sig: z
        .string({ error: SIG_RULE })
        .regex(/^[A-Za-z0-9+/]{86}==$/, { error: SIG_RULE })
        .meta({
          description: 'Ed25519 over the canonical JSON (RFC 8785) of { domain, key, topic, value without sig }.',
        }),
    },
    { error: 'expected an object with key, seq and sig' },
  )
  .meta({ description: 'Who vouches for the record. Balancers with keys refuse one without.' });

/** The signature of a record. */
export interface Signature {
  key: string;
  seq: number;
  sig: string;
}

/** The bytes that are signed. `value` is that of the topic, with or without `sig`. Throws TypeError for text that is not Unicode. */
export function signedBytes(topic: string, key: string, value: Record<string, unknown>): Buffer {
  const { sig: _, ...unsigned } = value.signature as Record<string, unknown>;
  const signed = { domain: SIGNATURE_DOMAIN, key, topic, value: { ...value, signature: unsigned } };
  return Buffer.from(canonicalJson(signed));
}

/** `value` with its signature. */
export function signValue(
  { topic, key, value }: { topic: string; key: string; value: Record<string, unknown> },
  by: { keyId: string; seq: number; privateKey: KeyObject },
): Record<string, unknown> {
  const unsigned = { ...value, signature: { key: by.keyId, seq: by.seq } };
  const sig = sign(null, signedBytes(topic, key, unsigned), by.privateKey).toString('base64');
  return { ...unsigned, signature: { ...unsigned.signature, sig } };
}

/** True when `sig`, base64, is that of `bytes` by the owner of `publicKey`. */
export function isSignedBy(publicKey: KeyObject, bytes: Uint8Array, sig: string): boolean {
  return verify(null, bytes, publicKey, Buffer.from(sig, 'base64'));
}

/** `isSignedBy`, on a thread of the pool. */
export function isSignedBySoon(publicKey: KeyObject, bytes: Uint8Array, sig: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    verify(null, bytes, publicKey, Buffer.from(sig, 'base64'), (error, isGood) => {
      if (error) reject(error);
      else resolve(isGood);
    });
  });
}

/** Checks the name of a key. Throws ERR_OPTION. */
export function readKeyId(option: string, id: unknown): string {
  if (typeof id === 'string' && KEY_ID_PATTERN.test(id)) return id;
  throw optionError(option, id, KEY_ID_RULE);
}

/** A private key: PEM (PKCS#8), or a KeyObject. Throws ERR_OPTION; no error of ours has a word of it. */
export function readPrivateKey(option: string, key: string | Uint8Array | KeyObject): KeyObject {
  return readKey(option, key, 'private', 'an Ed25519 private key in PEM (PKCS#8), not encrypted', createPrivateKey);
}

/** A public key: PEM (SPKI), or a KeyObject. Throws ERR_OPTION. */
export function readPublicKey(option: string, key: string | Uint8Array | KeyObject): KeyObject {
  // createPublicKey would also take a private key, which has no business where others verify.
  return readKey(option, key, 'public', 'an Ed25519 public key in PEM (SPKI)', (pem) => {
    if (/PRIVATE KEY/.test(pem.toString())) throw new TypeError('a private key');
    return createPublicKey(pem);
  });
}

/** What stands in the file of a key. Throws ERR_OPTION naming the file. */
export function readKeyFile(option: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const rule = `cannot be read: ${(cause as NodeJS.ErrnoException).code}`;
    throw optionError(option, file, rule);
  }
}

function readKey(
  option: string,
  given: string | Uint8Array | KeyObject,
  type: 'private' | 'public',
  what: string,
  make: (pem: Buffer) => KeyObject,
): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = given instanceof KeyObject ? given : make(Buffer.from(given as string));
  } catch {
    // What OpenSSL says of it helps nobody, and must not quote it.
  }
  if (key?.type === type && key.asymmetricKeyType === 'ed25519') return key;
  throw optionError(option, '(not shown)', `must be ${what}`);
}
