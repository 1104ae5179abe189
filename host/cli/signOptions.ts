// host/cli/signOptions.ts: the options of every command that publishes: with which key.
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { optionError } from '../errors.js';
import { readKeyFile } from '../membership/signature.js';
import { createSigner, type Signer } from '../membership/signer.js';

/** What commander makes of the options. */
export interface SignCliOptions {
  signKey?: string;
  signId?: string;
}

/** How `keygen` names the file of a private key. */
export const PRIVATE_SUFFIX = '.key.pem';

/** Adds the options. */
export function addSignOptions(command: Command): Command {
  return command
    .option('--sign-key <file>', 'sign what is published with this Ed25519 key (PEM; see maglev-dsr keygen)')
    .option('--sign-id <name>', 'name of the key, as balancers know it (default: that of its file)');
}

/** The signer that the options name; undefined when they name none. Throws ERR_OPTION; no error has a word of the key. */
export function signerOf({ signKey, signId }: SignCliOptions): Signer | undefined {
  if (signKey === undefined) {
    if (signId !== undefined) throw optionError('--sign-id', signId, 'needs --sign-key');
    return undefined;
  }
  const privateKey = readKeyFile('--sign-key', signKey);
  const mode = statSync(signKey).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    const rule = `has mode ${mode.toString(8).padStart(4, '0')}, so others can use it: chmod 600 ${signKey}`;
    throw optionError('--sign-key', signKey, rule);
  }
  const keyId = signId ?? basename(signKey).replace(/(\.key)?\.pem$/, '');
  return createSigner({ keyId, privateKey });
}
