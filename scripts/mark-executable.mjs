// scripts/mark-executable.mjs: the last step of build:host. tsc writes files without the execute bit, which the command needs to be
// run from a checkout; and dist/.built says when the build was complete (see freshness.mjs).
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const command = `${dist}host/cli/main.js`;
if (existsSync(command)) chmodSync(command, 0o755);
mkdirSync(dist, { recursive: true });
writeFileSync(`${dist}.built`, '');
