// host/membership/patterns.ts: addresses and keys as regular expressions, for the JSON Schema. They take a little more than the
// readers (address.ts, prefix.ts, key.ts), which have the last word: an expression that said which addresses are multicast, or which
// IPv6 texts are whole, would be read by nobody. Written for every dialect: no flags, no look-around, no escapes but of characters.

const OCTET = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const IPV4 = `${OCTET}([.]${OCTET}){3}`;
const IPV6 = '[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,8}';
const BITS_4 = '(/([89]|[12][0-9]|3[0-2]))?'; // PREFIX_BITS_MIN
const BITS_6 = '(/(1[6-9]|[2-9][0-9]|1[01][0-9]|12[0-8]))?';
const PORT = '(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}|0)';
const VIP = `(tcp|udp|sctp)/(${IPV4}${BITS_4}|\\[${IPV6}${BITS_6}\\]):${PORT}`;

/** An IPv4 or IPv6 address. */
export const ADDRESS_PATTERN = `^(${IPV4}|${IPV6})$`;
/** An address or a prefix. */
export const PREFIX_PATTERN = `^(${IPV4}${BITS_4}|${IPV6}${BITS_6})$`;
/** An address or a prefix of any length. */
export const CLIENT_PREFIX_PATTERN = `^(${IPV4}(/([0-9]|[12][0-9]|3[0-2]))?|${IPV6}(/([0-9]|[1-9][0-9]|1[01][0-9]|12[0-8]))?)$`;
/** The key of a VIP. */
export const VIP_KEY_PATTERN = `^${VIP}$`;
/** The key of a VIP or of a backend. */
export const KEY_PATTERN = `^${VIP}(/(${IPV4}|${IPV6}))?$`;
