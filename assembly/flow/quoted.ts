// flow/quoted.ts: the packet that an ICMP error quotes, and the flow it is of. A router that could not pass on what a backend sent
// to a client tells the VIP; the quoted packet goes from the VIP, so the flow, as we know it, is the other way round: addresses and
// ports change places. As few as 8 bytes behind the quoted IP header are promised (RFC 792), and the ports are among them.
import { WORKER_QUOTE } from '../layout';
import { worker } from '../memory';
import * as parsed from '../parse';
import * as extension from '../wire/extension';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as l4 from '../wire/l4';

const PORTS_LEN: u32 = 4;

/** Protocol of the quoted packet. */
export let protocol: u32 = 0;
/** Ports of the flow as a client's packet has them, in one word as they would lie in memory. */
export let ports: u32 = 0;

/**
 * Reads the `bytes` bytes at `quote`, which may be cut anywhere. False when they are no packet, or the beginning of one, that the
 * address which the error in hand was sent to has sent.
 */
export function read(quote: usize, bytes: u32): bool {
  const transport = parsed.isV6 ? readIpv6(quote, bytes) : readIpv4(quote, bytes);
  if (!transport) return false;
  if (protocol != l4.PROTOCOL_TCP && protocol != l4.PROTOCOL_UDP && protocol != l4.PROTOCOL_SCTP) return false;
  ports = rotl<u32>(l4.ports(transport), 16);
  return true;
}

/** Address of the transport header, 0 when it is not there. Of fragments only the first has one. */
function readIpv4(quote: usize, bytes: u32): usize {
  if (bytes < ipv4.MIN_LEN || !ipv4.isVersion4(quote)) return 0;
  const headerLen = ipv4.headerLen(quote);
  if (headerLen < ipv4.MIN_LEN || bytes < headerLen + PORTS_LEN || ipv4.fragmentOffset(quote)) return 0;
  if (parsed.mapped(ipv4.source(quote)) != parsed.destinationLow) return 0;
  protocol = ipv4.protocol(quote);
  return quote + headerLen;
}

function readIpv6(quote: usize, bytes: u32): usize {
  if (!ipv6.isValid(quote, bytes)) return 0;
  if (load<u64>(quote, ipv6.SOURCE) != parsed.destinationHigh) return 0;
  if (load<u64>(quote, ipv6.SOURCE + 8) != parsed.destinationLow) return 0;
  if (extension.walk(quote, bytes) != extension.WALKED || bytes < extension.offset + PORTS_LEN) return 0;
  if (extension.fragment && extension.fragmentOffset(quote + extension.fragment)) return 0;
  protocol = extension.protocol;
  return quote + extension.offset;
}

/**
 * Lays the headers of a client's packet of that flow into the worker's record and returns where: 40 bytes of IP at most, and the
 * ports. It is all that hashes look at.
 */
export function layFlow(quote: usize): usize {
  const at = worker + WORKER_QUOTE;
  memory.fill(at, 0, 64);
  if (parsed.isV6) {
    store<u8>(at, 0x60);
    store<u8>(at, <u8>protocol, 6);
    v128.store(at, v128.load(quote, ipv6.DESTINATION), ipv6.SOURCE);
    v128.store(at, v128.load(quote, ipv6.SOURCE), ipv6.DESTINATION);
    store<u32>(at, ports, 40);
    return at;
  }
  store<u8>(at, 0x45);
  store<u8>(at, <u8>protocol, 9);
  store<u32>(at, ipv4.destination(quote), 12);
  store<u32>(at, ipv4.source(quote), 16);
  store<u32>(at, ports, 20);
  return at;
}
