// wire/gre.ts: RFC 2784, section 2.1, without a checksum (and without RFC 2890's key and sequence number).
//   |C|       Reserved0       | Ver |         Protocol Type         |  0
export const LEN: u32 = 4;
