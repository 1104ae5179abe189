// host/cli/schema.ts: `maglev-dsr schema`: the contract of the topic, for programs that write to it.
import { Argument, Command } from 'commander';
import { keySchema, recordSchema } from '../membership/schema.js';

const HELP = `
The same files are in the package: schema/record.json and schema/key.json. docs/TOPIC.md says what a schema cannot.

Examples:
  $ maglev-dsr schema > record.schema.json
  $ maglev-dsr schema key
`;

/** The command, for commander. */
export function schemaCommand(): Command {
  return new Command('schema')
    .summary('JSON Schema of the records in a topic')
    .description(
      'Prints the JSON Schema (draft 2020-12) of the values, or keys, that balancers take from a Kafka topic.',
    )
    .addArgument(new Argument('[what]', 'of what').choices(['record', 'key']).default('record'))
    .addHelpText('after', HELP)
    .action((what: 'record' | 'key') => {
      process.stdout.write(`${JSON.stringify(what === 'key' ? keySchema() : recordSchema(), null, 2)}\n`);
    });
}
