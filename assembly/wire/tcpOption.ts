// wire/tcpOption.ts: TCP options (RFC 9293, section 3.1), walked for the one by which a client says which server it belongs to: Katran's
// TPR, a kind that IANA has not given to anybody. Its value is little-endian.
//   |  Kind 0xb7    |   Length 6    |        Server id: 32          |
const KIND_END: u32 = 0;
const KIND_NOP: u32 = 1;
const KIND_SERVER_ID: u32 = 0xb7;
const SERVER_ID_LEN: u32 = 6;
const HEADER_LEN: u32 = 2;

/** Most options that are walked: each is a load that the sender chooses for us. */
const OPTIONS_MAX: u32 = 15;

/**
 * The server id in the `bytes` bytes of options at `p`; 0 when there is none, or an option before it does not end there. A length
 * below 2, which is none, is stepped by all the same, as Katran does.
 */
export function readServerId(p: usize, bytes: u32): u32 {
  let at = p;
  let left = bytes;
  for (let count: u32 = 0; count < OPTIONS_MAX && left; count++) {
    const kind = <u32>load<u8>(at);
    if (kind == KIND_END) return 0;
    let len: u32 = 1;
    if (kind != KIND_NOP) {
      if (left < HEADER_LEN) return 0;
      len = load<u8>(at, 1);
      if (len > left) return 0;
    }
    if (kind == KIND_SERVER_ID) return len == SERVER_ID_LEN ? load<u32>(at, HEADER_LEN) : 0;
    at += len;
    left -= len;
  }
  return 0;
}
