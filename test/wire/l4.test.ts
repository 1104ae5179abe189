// TCP (RFC 9293) and UDP (RFC 768): golden headers taken apart.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as frames from '../golden/forward4.js';
import { patch } from '../support/hex.js';
import { createPieces } from '../support/module.js';

const L4 = suite('wire/l4');
const { call, lay, read } = createPieces();

const TCP = frames.SYN.subarray(34, 54);
const UDP = frames.UDP.subarray(34);

L4('takes a TCP header apart', () => {
  const at = lay(TCP);
  assert.is(call('l4Ports', at), 0x5000409c); // 9c 40 00 50 as they lie in memory
  assert.is(call('l4DestinationPortOf', call('l4Ports', at)), 80);
  assert.is(call('l4TcpHeaderLen', at), 20);
});

L4('the data offset counts words of four bytes', () => {
  assert.is(call('l4TcpHeaderLen', lay(patch(TCP, 12, 0x00))), 0);
  assert.is(call('l4TcpHeaderLen', lay(patch(TCP, 12, 0xff))), 60);
});

L4('the first segment is SYN without ACK, whatever else is set', () => {
  const isSyn = (flags: number): number => call('l4IsSyn', lay(patch(TCP, 13, flags)));
  for (let flags = 0; flags < 256; flags++) {
    const wanted = (flags & 0x02) !== 0 && (flags & 0x10) === 0 ? 1 : 0;
    assert.is(isSyn(flags), wanted, `flags ${flags}`);
  }
});

L4('takes a UDP header apart', () => {
  const at = lay(UDP);
  assert.is(call('l4Ports', at), 0x3500419c); // 40001 > 53
  assert.is(call('l4DestinationPortOf', call('l4Ports', at)), 53);
  assert.is(call('l4UdpLength', at), 8 + 11);
});

L4('changes sequence number, flags and UDP length, and nothing else', () => {
  const at = lay(TCP);
  assert.is(call('l4Sequence', at), 1);
  assert.is(call('l4TcpFlags', at), 0x02);
  call('l4SetSequence', at, 0xfedcba98);
  call('l4SetTcpFlags', at, 0x91);
  assert.equal(read(at, 20), patch(patch(TCP, 4, 0xfe, 0xdc, 0xba, 0x98), 13, 0x91));
  const udp = lay(UDP);
  call('l4SetUdpLength', udp, 0x1234);
  assert.equal(read(udp, UDP.length), patch(UDP, 4, 0x12, 0x34));
});

L4('a UDP checksum of 0 is none', () => {
  assert.is(call('l4UdpChecksum', lay(patch(UDP, 6, 0, 0))), 0);
  assert.is(call('l4UdpChecksum', lay(patch(UDP, 6, 0x12, 0x34))), 0x3412); // as it lies in memory
});

L4.run();
