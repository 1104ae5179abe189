// wire/copy.ts: copies frames. memory.copy leaves Wasm for a general memmove; most frames are a few cache lines.

const SMALL: u32 = 512;

/** Copies `bytes` bytes; may write up to 15 bytes past the end, so the place must have them to spare. No overlap. */
export function copy(to: usize, from: usize, bytes: u32): void {
  if (bytes > SMALL) memory.copy(to, from, bytes);
  else for (let i: u32 = 0; i < bytes; i += 16) v128.store(to + i, v128.load(from + i));
}
