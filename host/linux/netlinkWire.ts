// host/linux/netlinkWire.ts: messages of netlink(7): header, fixed part, attributes. Everything is in native
// (little-endian) order and starts on 4 bytes; addresses inside attributes are in network order.
//
//   struct nlmsghdr:  len u32 at 0 | type u16 at 4 | flags u16 at 6 | seq u32 at 8 | port id u32 at 12
//   then the fixed part of the type (ifinfomsg, rtmsg, ...), then attributes:
//   struct rtattr:    len u16 at 0, its own 4 bytes counted | type u16 at 2 | value

const NLMSG_HEADER_BYTES = 16;
const ATTRIBUTE_HEADER_BYTES = 4;
const ATTRIBUTE_TYPE = 0x3fff; // NLA_TYPE_MASK: without NLA_F_NESTED and NLA_F_NET_BYTEORDER

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;

export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_DUMP = 0x300;
export const NLM_F_CREATE = 0x400;

/** One message, taken apart. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** All after the header: the fixed part and the attributes. A view, valid until the buffer is used again. */
  readonly body: Uint8Array;
}

/** An attribute to be written. */
export interface Attribute {
  readonly type: number;
  readonly value: Uint8Array;
}

/** Puts a request together: `fixed` is the part that belongs to `type`, all fields written by the caller. */
export function encodeMessage(
  type: number,
  flags: number,
  sequence: number,
  fixed: Uint8Array,
  attributes: readonly Attribute[] = [],
): Uint8Array {
  const parts = encodeAttributes(attributes);
  const message = new Uint8Array(NLMSG_HEADER_BYTES + aligned(fixed.length) + parts.length);
  const view = new DataView(message.buffer);
  view.setUint32(0, message.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, sequence, true);
  message.set(fixed, NLMSG_HEADER_BYTES);
  message.set(parts, NLMSG_HEADER_BYTES + aligned(fixed.length));
  return message;
}

function encodeAttributes(attributes: readonly Attribute[]): Uint8Array {
  const bytes = attributes.reduce((sum, { value }) => sum + aligned(ATTRIBUTE_HEADER_BYTES + value.length), 0);
  const parts = new Uint8Array(bytes);
  const view = new DataView(parts.buffer);
  let at = 0;
  for (const { type, value } of attributes) {
    view.setUint16(at, ATTRIBUTE_HEADER_BYTES + value.length, true);
    view.setUint16(at + 2, type, true);
    parts.set(value, at + ATTRIBUTE_HEADER_BYTES);
    at += aligned(ATTRIBUTE_HEADER_BYTES + value.length);
  }
  return parts;
}

/** The messages of one datagram. Ends at the first whose length makes no sense. */
export function* decodeMessages(datagram: Uint8Array): Generator<Message> {
  const view = viewOf(datagram);
  let at = 0;
  while (at + NLMSG_HEADER_BYTES <= datagram.length) {
    const messageBytes = view.getUint32(at, true);
    if (messageBytes < NLMSG_HEADER_BYTES || at + messageBytes > datagram.length) return;
    yield {
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      body: datagram.subarray(at + NLMSG_HEADER_BYTES, at + messageBytes),
    };
    at += aligned(messageBytes);
  }
}

/** Attributes by type, from `offset` of a message body or from inside a nested attribute. The last of a type counts. */
export function decodeAttributes(body: Uint8Array, offset = 0): Map<number, Uint8Array> {
  const attributes = new Map<number, Uint8Array>();
  const view = viewOf(body);
  let at = aligned(offset);
  while (at + ATTRIBUTE_HEADER_BYTES <= body.length) {
    const attributeBytes = view.getUint16(at, true);
    if (attributeBytes < ATTRIBUTE_HEADER_BYTES || at + attributeBytes > body.length) break;
    const type = view.getUint16(at + 2, true) & ATTRIBUTE_TYPE;
    attributes.set(type, body.subarray(at + ATTRIBUTE_HEADER_BYTES, at + attributeBytes));
    at += aligned(attributeBytes);
  }
  return attributes;
}

/** An attribute of 4 bytes as a number; undefined when it is not there or shorter. */
export function u32Of(value: Uint8Array | undefined): number | undefined {
  return value === undefined || value.length < 4 ? undefined : viewOf(value).getUint32(0, true);
}

/** An attribute that holds an address of 4 or 16 bytes; undefined when it is not there or of another length. */
export function addressOf(value: Uint8Array | undefined): Uint8Array | undefined {
  return value?.length === 4 || value?.length === 16 ? value : undefined;
}

/** A text attribute, without the null byte at its end. */
export function textOf(value: Uint8Array | undefined): string | undefined {
  if (value === undefined) return undefined;
  const end = value.indexOf(0);
  return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end));
}

/** An attribute that holds others. */
export function nested(type: number, ...inner: readonly Attribute[]): Attribute {
  return { type, value: encodeAttributes(inner) };
}

/** For a number in native order as an attribute. */
export function u32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** A DataView over exactly these bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** NLMSG_ALIGN and RTA_ALIGN. */
function aligned(bytes: number): number {
  return (bytes + 3) & ~3;
}
