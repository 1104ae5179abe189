// test/membership/malformed.ts: messages that no balancer may take, one of every kind that a broken or hostile producer sends, each with
// what is said of it. The tests of the reader and of whole topics share the list.
import { VALUE_BYTES_MAX } from '../../host/membership/jsonRecord.js';

/** A message, and the line that refuses it, without its place. */
interface Malformed {
  what: string;
  key: string;
  value: Buffer;
  refused: string;
}

const WEB = 'tcp/192.0.2.80:80';
const NINE = `${WEB}/10.0.1.9`;
const OF_NINE = 'for backend 10.0.1.9, expected';
const nine = (extra: string): string => `{"v":1,"vip":"${WEB}","address":"10.0.1.9",${extra}}`;

function of(what: string, value: string | Buffer, refused: string, key = NINE): Malformed {
  return { what, key, value: Buffer.from(value), refused };
}

export const MALFORMED: readonly Malformed[] = [
  of('not JSON', 'weight=3', `value "weight=3" ${OF_NINE} JSON`),
  of('JSON that ends too soon', '{"v":1,', `value "{\\"v\\":1," ${OF_NINE} JSON`),
  of('no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), `value "{ÿ}" ${OF_NINE} UTF-8`),
  of('no value at all', '', `value "" ${OF_NINE} JSON`),
  of('a list', '[1,2,3]', `value array of 3 ${OF_NINE} a JSON object`),
  of('weight as text', nine('"weight":"3"'), `weight "3" ${OF_NINE} 0..65535`),
  of('weight as a list', nine('"weight":[3]'), `weight array of 1 ${OF_NINE} 0..65535`),
  of('state as a number', nine('"state":1'), `state 1 ${OF_NINE} active, draining or down`),
  of('version as text', '{"v":"1"}', `v "1" ${OF_NINE} 1`),
  of('a version nobody has', nine('"x":0').replace('"v":1', '"v":7'), `v 7 ${OF_NINE} 1: written for a newer balancer`),
  of('weight of 400 digits', nine(`"weight":${'9'.repeat(400)}`), `weight Infinity ${OF_NINE} 0..65535`),
  of('weight 1e308', nine('"weight":1e308'), `weight 1e+308 ${OF_NINE} 0..65535`),
  of('weight beyond 2^53', nine('"weight":9007199254740993'), `weight 9007199254740992 ${OF_NINE} 0..65535`),
  of('weight between two numbers', nine('"weight":0.1'), `weight 0.1 ${OF_NINE} 0..65535`),
  of('weight below zero', nine('"weight":-1'), `weight -1 ${OF_NINE} 0..65535`),
  of(
    'a name for an address',
    `{"v":1,"vip":"${WEB}","address":"backend9"}`,
    `address "backend9" ${OF_NINE} an IPv4 or IPv6 address`,
  ),
  of(
    'an address of three parts',
    `{"v":1,"vip":"${WEB}","address":"10.0.9"}`,
    `address "10.0.9" ${OF_NINE} four decimal numbers without leading zeros, such as 10.0.1.9`,
  ),
  of(
    'everybody as an address',
    `{"v":1,"vip":"${WEB}","address":"255.255.255.255"}`,
    `address "255.255.255.255" ${OF_NINE} the address of one host, not a broadcast address`,
  ),
  of('10 MB', Buffer.alloc(10 * 2 ** 20, 0x20), `value of 10485760 bytes ${OF_NINE} at most ${VALUE_BYTES_MAX}`),
  of(
    'key and value that disagree',
    `{"v":1,"vip":"${WEB}","address":"10.0.1.8"}`,
    `value names ${WEB}/10.0.1.8 ${OF_NINE} the record that the key names`,
  ),
  of(
    'a VIP under the key of a backend',
    '{"v":1,"address":"192.0.2.80","protocol":"tcp","port":80}',
    `vip is missing ${OF_NINE} the key of a VIP, such as tcp/192.0.2.80:80`,
  ),
  of(
    'control characters in a field',
    nine('"scope":"\\u001b[2J"').replace('10.0.1.9', '10.0.1.9\\u0007'),
    `address "10.0.1.9\\u0007" ${OF_NINE} an IPv4 or IPv6 address`,
  ),
  of('control characters in the text', '{"v":1,\u0007}', `value "{\\"v\\":1,\\u0007}" ${OF_NINE} JSON`),
  of(
    'control characters in the key',
    nine('"weight":1'),
    `key "${WEB}/10.0.1.9\\n", expected a key such as tcp/192.0.2.80:80, or tcp/192.0.2.80:80/10.0.1.9 for a backend`,
    `${NINE}\n`,
  ),
  of(
    'a key that is none',
    nine('"weight":1'),
    'key "10.0.1.9", expected a key such as tcp/192.0.2.80:80, or tcp/192.0.2.80:80/10.0.1.9 for a backend',
    '10.0.1.9',
  ),
  of('a field twice', nine('"weight":1,"weight":2'), `field "weight" ${OF_NINE} once, is there twice`),
  of(
    'nested beyond reason',
    nine(`"x":${'['.repeat(1000)}${']'.repeat(1000)}`),
    `value ${JSON.stringify(`${nine('"x":').slice(0, -1)}${'['.repeat(39)}...`)} ${OF_NINE} at most 16 levels of nesting`,
  ),
];
