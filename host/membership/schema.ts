// host/membership/schema.ts: the contract of the topic as JSON Schema (draft 2020-12), generated from what the reader itself goes
// by: envelope.ts and record.ts. What a schema cannot say is in docs/TOPIC.md, "What the schema cannot say".
import * as z from 'zod';
import { ENVELOPE_FIELDS, REMOVAL_FIELDS } from './envelope.js';
import { KEY_PATTERN } from './patterns.js';
import { RECORD_SCHEMAS } from './record.js';

/** A JSON Schema: plain data. */
type JsonSchema = Record<string, unknown>;

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

/** Schema of a value. Which kind of record it is to be is for the key to say; a schema knows a backend by its field `vip`. */
export function recordSchema(): JsonSchema {
  const { vip, backend } = RECORD_SCHEMAS;
  return {
    $schema: DRAFT,
    title: 'Value of a membership record of maglev-dsr',
    type: 'object',
    if: { required: ['removed'] },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema, section 10.2.2.2
    then: { $ref: '#/$defs/removal' },
    else: {
      if: { required: ['vip'] },
      // biome-ignore lint/suspicious/noThenProperty: JSON Schema, section 10.2.2.2
      then: { $ref: '#/$defs/backend' },
      else: { $ref: '#/$defs/vip' },
    },
    $defs: {
      vip: schemaOf(z.looseObject({ ...ENVELOPE_FIELDS, ...vip.shape }), 'What clients reach.'),
      backend: schemaOf(z.looseObject({ ...ENVELOPE_FIELDS, ...backend.shape }), 'A server behind a VIP.'),
      removal: schemaOf(z.looseObject({ ...ENVELOPE_FIELDS, ...REMOVAL_FIELDS }), 'Removes its key.'),
    },
  };
}

/** Schema of a key, as text. */
export function keySchema(): JsonSchema {
  return {
    $schema: DRAFT,
    title: 'Key of a membership record of maglev-dsr',
    description:
      'The key of a VIP, or the key of its VIP, a slash and the address of a backend; addresses in canonical form.',
    type: 'string',
    pattern: KEY_PATTERN,
    examples: ['tcp/192.0.2.80:80', 'tcp/192.0.2.80:80/10.0.1.9', 'udp/[2001:db8::/64]:53/2001:db8:1::9'],
  };
}

/** The files of the package's folder `schema`, by name. */
export function schemaFiles(): Map<string, JsonSchema> {
  return new Map([
    ['record.json', recordSchema()],
    ['key.json', keySchema()],
  ]);
}

function schemaOf(record: z.ZodType, description: string): JsonSchema {
  // As input: what is written, before addresses get their canonical form. Checks that no schema knows (primes) say nothing.
  const { $schema: _, ...schema } = z.toJSONSchema(record, {
    target: 'draft-2020-12',
    io: 'input',
    unrepresentable: 'any',
  });
  return { description, ...schema };
}
