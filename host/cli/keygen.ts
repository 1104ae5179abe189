// host/cli/keygen.ts: `maglev-dsr keygen`: a key pair to sign records with.
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { MaglevError } from '../errors.js';
import { readKeyId } from '../membership/signature.js';
import { PRIVATE_SUFFIX } from './signOptions.js';

const HELP = `
Writes NAME.key.pem, mode 0600, for whoever publishes, and NAME.pub.pem for balancers:

  membership:
    kafka:
      verifyKeys: [{ id: NAME, file: NAME.pub.pem }]

Files that are there are left alone. To begin: sign what is in the topic (apply --sign-key), then give balancers the key.
To change keys: give balancers both, sign all with the new one (apply --sign-key), take the old one away.

Example:
  $ maglev-dsr keygen ops-2026
  $ maglev-dsr apply members.yaml --kafka-config kafka.yaml --sign-key ops-2026.key.pem
`;

/** The command, for commander. */
export function keygenCommand(): Command {
  return new Command('keygen')
    .summary('make a key to sign records with')
    .description('Makes an Ed25519 key pair: with keys, balancers take signed records only.')
    .argument('<name>', 'name of the key, as records will say it: letters, digits, dots, dashes, underscores')
    .option('--dir <folder>', 'where to', '.')
    .option('--json', 'the files as JSON')
    .addHelpText('after', HELP)
    .action(keygen);
}

function keygen(name: string, { dir, json }: { dir: string; json?: true }): void {
  readKeyId('name', name);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const files = { privateKey: join(dir, `${name}${PRIVATE_SUFFIX}`), publicKey: join(dir, `${name}.pub.pem`) };
  write(files.privateKey, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
  write(files.publicKey, publicKey.export({ type: 'spki', format: 'pem' }), 0o644);
  const text = `${files.privateKey}: keep it where only the publisher can read it\n${files.publicKey}: for verifyKeys of balancers\n`;
  process.stdout.write(json ? `${JSON.stringify({ id: name, ...files })}\n` : text);
}

function write(path: string, content: string | Buffer, mode: number): void {
  try {
    writeFileSync(path, content, { mode, flag: 'wx' }); // never over a key that is in use
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const rule = code === 'EEXIST' ? 'is there already: left alone' : `cannot be written: ${code}`;
    throw new MaglevError('ERR_OPTION', `${path} ${rule}`, { option: 'name', rule });
  }
}
