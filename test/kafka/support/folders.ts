// test/kafka/support/folders.ts: the folders of clusters below the system's temporary one, and what is left of those that nobody keeps any more.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Holds the process id of the keeper. */
export const KEEPER_FILE = 'keeper.pid';
const PREFIX = 'maglev-dsr-kafka-';

/** A new folder. Removes those whose keeper was killed. */
export function makeFolder(): string {
  for (const name of readdirSync(tmpdir())) {
    const folder = join(tmpdir(), name);
    if (name.startsWith(PREFIX) && isAbandoned(folder)) rmSync(folder, { recursive: true, force: true });
  }
  return mkdtempSync(join(tmpdir(), PREFIX));
}

// Without the file its keeper has not begun yet.
function isAbandoned(folder: string): boolean {
  const file = join(folder, KEEPER_FILE);
  if (!existsSync(file)) return false;
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
