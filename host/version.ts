// host/version.ts: the version of this package, as it says itself.
import { readFileSync } from 'node:fs';

let version: string | undefined;

/** Such as `0.1.0`. */
export function packageVersion(): string {
  version ??= (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string })
    .version;
  return version;
}
