// test/live/support/suite.ts: a live suite that is skipped, and says why, where a program it needs is not installed.
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { labEnv } from '../../../host/demo/lab/holder.js';
import { type LiveSuite, liveSuite } from '../lab.js';

/** What capture.ts needs. */
export const CAPTURE_PROGRAMS = ['tcpdump', 'dumpcap', 'tshark'];

/** A live suite that needs these programs. */
export function liveSuiteWith(name: string, programs: readonly string[]): LiveSuite {
  const missing = programs.filter((program) => !isInstalled(program));
  return missing.length === 0 ? liveSuite(name) : skippedSuite(name, `not installed: ${missing.join(', ')}`);
}

/** A live suite of which every case is skipped, and says why. */
export function skippedSuite(name: string, reason: string): LiveSuite {
  const inner = suite(name);
  const define = (title: string): void => {
    console.log(`skipped: ${name}: ${title}: ${reason}`);
    inner.skip(title);
  };
  return Object.assign(define, { run: () => inner.run(), isSupported: false });
}

function isInstalled(program: string): boolean {
  return (labEnv().PATH ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false; // ENOENT, EACCES: not here, or not for us
    }
  });
}
