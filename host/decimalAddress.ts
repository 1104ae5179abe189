// host/decimalAddress.ts: IPv4 addresses in dotted decimal, as nearly all addresses come: without the parser of ipaddr.js, which tries all
// that inet_aton(3) takes. Reading a topic of 10,000 backends would else be spent there.
const DOT = 0x2e;
const DIGIT_0 = 0x30;

/** The address of `text` as a number, -1 for anything but four decimal numbers without leading zeros. */
export function decimalAddress(text: string): number {
  let address = 0;
  let byte = -1; // no digit yet
  let dots = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (byte < 0 || ++dots > 3) return -1;
      address = address * 256 + byte;
      byte = -1;
    } else {
      if (code < DIGIT_0 || code > DIGIT_0 + 9 || byte === 0) return -1;
      byte = Math.max(byte, 0) * 10 + code - DIGIT_0;
      if (byte > 255) return -1;
    }
  }
  return dots === 3 && byte >= 0 ? address * 256 + byte : -1;
}
