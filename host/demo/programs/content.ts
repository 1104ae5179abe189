// host/demo/programs/content.ts: what the web servers serve: bytes that look random, the same on every backend, known to the client.
import { createCipheriv, createHash } from 'node:crypto';

const KEY_BYTES = 16;
const IV = Buffer.alloc(16);
const ZEROS = Buffer.alloc(64 * 1024);

/** A body, read from its start: each call gives the next bytes. */
interface Content {
  /** The next `bytes` bytes, at most 65,536. */
  next(bytes: number): Buffer;
}

/** Opens the body of that name: the key stream of AES-128-CTR keyed with the name, so no two places of it are alike. */
export function openContent(name: string): Content {
  const key = createHash('sha256').update(name).digest().subarray(0, KEY_BYTES);
  const cipher = createCipheriv('aes-128-ctr', key, IV);
  return { next: (bytes) => cipher.update(ZEROS.subarray(0, bytes)) };
}

/** Largest piece that `Content.next` gives. */
export const CONTENT_PIECE_BYTES = ZEROS.length;

const knownDigests = new Map<string, string>();

/** SHA-256, in hex, of the first `bytes` bytes of a body; remembered, for clients ask for the same ones again. */
export function contentSha256(name: string, bytes: number): string {
  const key = `${name} ${bytes}`;
  const known = knownDigests.get(key);
  if (known !== undefined) return known;
  const content = openContent(name);
  const hash = createHash('sha256');
  for (let left = bytes; left > 0; left -= CONTENT_PIECE_BYTES) {
    hash.update(content.next(Math.min(left, CONTENT_PIECE_BYTES)));
  }
  const digest = hash.digest('hex');
  knownDigests.set(key, digest);
  return digest;
}
