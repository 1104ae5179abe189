// test/kafka/support/chaosModel.ts: what a balancer should refuse of a log, and what it should have when a VIP of the topic is also in a file that
// it has read before: one source a VIP, so the topic's records of that VIP, and of its backends, are refused.
import { MALFORMED } from '../../membership/malformed.js';
import { type ModelMessage, modelRecords } from '../../model/topic.js';

const OWNED = 'tcp/192.0.2.81:80';
const BACKENDS = ['10.0.9.1', '10.0.9.2', '10.0.9.3'];

/** The file. */
export const FILE_TEXT = `vips:
  - vip: ${OWNED}
    tableSize: 1009
    backends: [${BACKENDS.join(', ')}]
`;

// The same, as messages.
const FILE_MESSAGES: readonly ModelMessage[] = [
  [OWNED, { v: 1, address: '192.0.2.81', protocol: 'tcp', port: 80, tableSize: 1009 }] as const,
  ...BACKENDS.map((address) => [`${OWNED}/${address}`, { v: 1, vip: OWNED, address }] as const),
].map(([key, value], offset) => {
  return { partition: 0, offset, key: Buffer.from(key), value: Buffer.from(JSON.stringify(value)), timestampMs: 0 };
});

/** True for a message whose key is of the VIP that the file has. */
export function ownedByFile({ key }: ModelMessage): boolean {
  return key !== null && `${key}/`.startsWith(`${OWNED}/`);
}

/** What counts for a balancer that has the file. */
export function withFile(messages: readonly ModelMessage[]): ModelMessage[] {
  return [...messages.filter((message) => !ownedByFile(message)), ...FILE_MESSAGES];
}

/** The lines that refuse malformed messages, each with its place. */
export function malformedRefusals(messages: readonly ModelMessage[]): string[] {
  const sentences = new Map(
    MALFORMED.map(({ key, value, refused }) => [`${key} ${value.toString('latin1')}`, refused]),
  );
  return messages.flatMap(({ partition, offset, key, value }) => {
    const sentence = sentences.get(`${key} ${value?.toString('latin1')}`);
    return sentence === undefined
      ? []
      : [`event at offset ${offset} of partition ${partition}: ${sentence}; event ignored`];
  });
}

/** The lines, without their places, that refuse records of the VIP that the file owns: those that stand in the end of a log that is read at once. */
export function foreignRefusals(messages: readonly ModelMessage[], topic: string, file: string): string[] {
  return [...modelRecords(messages.filter(ownedByFile)).keys()].map((key) => {
    const what = key === OWNED ? `VIP ${OWNED}` : `backend ${key.slice(OWNED.length + 1)}`;
    const rule = `expected file ${file}, which owns this key: one source a VIP`;
    return `source "kafka topic ${topic}" for ${what}, ${rule}; change ignored`;
  });
}
