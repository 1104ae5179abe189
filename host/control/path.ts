// host/control/path.ts: where control sockets are when nobody says: a directory of the user's own that does not outlive a boot.
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MaglevError, optionError } from '../errors.js';

const SUFFIX = '.sock';
/** sockaddr_un has room for 108 bytes, the last of them zero: unix(7). */
const PATH_BYTES_MAX = 107;

/** `/run/maglev-dsr` for root, a folder of the user's runtime directory for others; undefined where there is none. */
export function controlFolder(): string | undefined {
  if (process.getuid?.() === 0) return '/run/maglev-dsr';
  const runtime = process.env.XDG_RUNTIME_DIR;
  return runtime === undefined || runtime === '' ? undefined : join(runtime, 'maglev-dsr');
}

/** The path for a balancer on these interfaces. Throws ERR_OPTION where there is no folder for it, ERR_SYSCALL where it cannot be made. */
export function defaultControlPath(interfaces: readonly string[], suffix = ''): string {
  const folder = controlFolder();
  if (folder === undefined) throw optionError('control.socket', undefined, 'must be given: XDG_RUNTIME_DIR is not set');
  try {
    mkdirSync(folder, { mode: 0o700, recursive: true });
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new MaglevError('ERR_SYSCALL', `mkdir ${folder}: ${errno}`, { errno, cause });
  }
  return join(folder, `${interfaces.join('+')}${suffix}${SUFFIX}`);
}

/** Sockets in the folder, of balancers that live or did. */
export function controlPaths(): string[] {
  const folder = controlFolder();
  if (folder === undefined) return [];
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(SUFFIX));
    return names.sort().map((name) => join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Throws ERR_OPTION for a path that no socket can have. */
export function checkControlPath(path: unknown): string {
  const isPath = typeof path === 'string' && path !== '' && !path.includes('\0');
  if (!isPath) throw optionError('control.socket', path, 'must be a path');
  const bytes = Buffer.byteLength(path);
  if (bytes > PATH_BYTES_MAX)
    throw optionError('control.socket', path, `must have at most ${PATH_BYTES_MAX} bytes, not ${bytes}`);
  return path;
}
