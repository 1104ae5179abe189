// host/cli/undrain.ts: `maglev-dsr undrain`: backends get new connections again.
import type { Command } from 'commander';
import { MaglevError } from '../errors.js';
import type { RecordMap } from '../membership/difference.js';
import type { Edit } from '../publishing/edit.js';
import { type EditCliOptions, editCommand, runEdit } from './editCommand.js';

const HELP = `
Example:
  $ maglev-dsr undrain tcp/192.0.2.80:80/10.0.1.9 --kafka-config lb.yaml`;

/** The command, for commander. */
export function undrainCommand(): Command {
  return editCommand({
    name: 'undrain',
    summary: 'give backends new connections again',
    description: 'Makes backends active: the end of `drain`, and of `down`.',
  })
    .argument('[keys...]', 'keys of backends: tcp/192.0.2.80:80/10.0.1.9')
    .addHelpText('after', HELP)
    .action((keys: string[], cli: EditCliOptions) => runEdit(keys, cli, undrain));
}

function undrain(key: string, records: RecordMap): Edit {
  const record = records.get(key);
  if (record?.kind === 'backend' && record.backend.weight === 0) {
    const rule = 'has weight 0, which is draining whatever its state: maglev-dsr weight gives it one';
    throw new MaglevError('ERR_RECORD', `${key} ${rule}`, { option: 'weight', rule });
  }
  return { set: key, state: 'active' };
}
