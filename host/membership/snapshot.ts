// host/membership/snapshot.ts: what a source knew, in one file: written whole or not at all, taken whole or not at all.
//
//   maglev-dsr-snapshot 1 <SHA-256 of the body, hex> <bytes of the body>
//   the body, JSON: the source's business (sources/kafkaSnapshot.ts)
//
// `tail -n +2 FILE | sha256sum` says what must stand in the first line. The checksum finds damage, not malice: who can write the
// file can write what he likes, so it is made for its owner alone (mode 0600).
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MaglevError } from '../errors.js';
import { type Broken, showValue } from './refusal.js';

/** Version of the first line and of what the body is checked by. */
const SNAPSHOT_VERSION = 1;
/** Longest body, bytes: 10,000 backends under 1,000 VIPs take one million. */
export const SNAPSHOT_BYTES_MAX = 64 * 2 ** 20;

const MAGIC = 'maglev-dsr-snapshot';
const HEADER = /^maglev-dsr-snapshot (\d{1,9}) ([0-9a-f]{64}) (\d{1,12})$/;
const HEADER_BYTES_MAX = 120;
const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK; // without it open(2) of a FIFO waits for a writer
/** What a crash left half written is removed when it is this old: nobody writes for so long. */
const LEFTOVER_MS = 60_000;

let filesBegun = 0;

/** The body of a snapshot; `broken`: why it cannot be taken; undefined: there is no file. Never throws. */
export async function readSnapshot(path: string): Promise<{ body: unknown } | { broken: Broken } | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readBounded(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    const rule = 'expected a regular file that we may read';
    return { broken: { field: 'file', value: code ?? showValue((cause as Error).message), rule } };
  }
  const body = bodyOf(bytes);
  return 'rule' in body ? { broken: body } : parseBody(body.bytes);
}

/**
 * Replaces the snapshot at `path`: a new file beside it, on disk before it takes the name. Throws MaglevError ERR_SYSCALL with the
 * errno, ERR_LIMIT for a body longer than SNAPSHOT_BYTES_MAX; the old snapshot is then as it was.
 */
export async function writeSnapshot(path: string, body: readonly string[]): Promise<void> {
  const parts = body.map((text) => Buffer.from(text));
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  if (bytes > SNAPSHOT_BYTES_MAX) {
    throw new MaglevError('ERR_LIMIT', `snapshot ${path}: ${bytes} bytes, at most ${SNAPSHOT_BYTES_MAX} are written`);
  }
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  const header = Buffer.from(`${MAGIC} ${SNAPSHOT_VERSION} ${hash.digest('hex')} ${bytes}\n`);
  const draft = `${draftPrefix(path)}${process.pid}-${++filesBegun}`;
  try {
    await replaceFile(path, draft, [header, ...parts]);
  } catch (cause) {
    await unlink(draft).catch(() => undefined); // it may never have been there
    const { code, syscall } = cause as NodeJS.ErrnoException;
    const message = `snapshot ${path}: ${syscall ?? 'write'}: ${code ?? String(cause)}; the last one stays`;
    throw new MaglevError('ERR_SYSCALL', message, { cause, ...(code !== undefined && { errno: code }) });
  }
}

/** Removes what a crash left half written beside `path`. Never throws. */
export async function removeLeftovers(path: string): Promise<void> {
  const folder = dirname(path);
  const prefix = basename(draftPrefix(path));
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(prefix))) {
    const file = join(folder, name);
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > LEFTOVER_MS) await unlink(file).catch(() => undefined);
  }
}

function draftPrefix(path: string): string {
  return join(dirname(path), `.${basename(path)}.new-`);
}

// rename(2) is atomic, but only what was synced before it is sure to be there after a power cut; and the name itself is on disk
// when the folder is.
async function replaceFile(path: string, draft: string, parts: readonly Buffer[]): Promise<void> {
  await withFile(await open(draft, 'wx', 0o600), async (file) => {
    for (const part of parts) await file.writeFile(part);
    await file.sync();
  });
  await rename(draft, path);
  await withFile(await open(dirname(path), constants.O_RDONLY), (folder) => folder.sync());
}

async function withFile<T>(file: FileHandle, work: (file: FileHandle) => Promise<T>): Promise<T> {
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

async function readBounded(path: string): Promise<Buffer> {
  return withFile(await open(path, READ_FLAGS), async (file) => {
    const { size } = await file.stat();
    if (size > SNAPSHOT_BYTES_MAX + HEADER_BYTES_MAX) throw new Error(`${size} bytes`);
    return file.readFile();
  });
}

function bodyOf(file: Buffer): { bytes: Buffer } | Broken {
  const end = file.subarray(0, HEADER_BYTES_MAX).indexOf('\n');
  const line = file.toString('latin1', 0, end < 0 ? HEADER_BYTES_MAX : end);
  const match = end < 0 ? null : HEADER.exec(line);
  if (match === null)
    return { field: 'header', value: showValue(line), rule: `expected a line that begins with ${MAGIC}` };
  const [, version, checksum = '', length] = match;
  if (Number(version) !== SNAPSHOT_VERSION) {
    return { field: 'version', value: `${version}`, rule: `expected ${SNAPSHOT_VERSION}` };
  }
  const bytes = file.subarray(end + 1);
  if (bytes.length !== Number(length)) {
    return { field: 'body', value: `of ${bytes.length} bytes`, rule: `expected ${length}, as its header says` };
  }
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== checksum) return { field: 'checksum', value: found, rule: `expected ${checksum}: the file is damaged` };
  return { bytes };
}

function parseBody(bytes: Buffer): { body: unknown } | { broken: Broken } {
  try {
    return { body: JSON.parse(bytes.toString('utf8')) };
  } catch {
    return { broken: { field: 'body', value: showValue(bytes.toString('utf8', 0, 100)), rule: 'expected JSON' } };
  }
}
