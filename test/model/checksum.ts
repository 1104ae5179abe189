// test/model/checksum.ts: the Internet checksum, word by word as RFC 1071, section 1 says it. Bytes in network order.

/** One's complement sum of `bytes` as big-endian words, folded to 16 bits; an odd last byte is padded with a zero. */
export function onesSum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
    if (sum > 0xffff) sum -= 0xffff; // the carry comes round
  }
  return sum;
}

/** The checksum of `bytes`, 0..65535. */
export function checksum(bytes: Uint8Array): number {
  return 0xffff - onesSum(bytes);
}
