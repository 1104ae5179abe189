// host/demo/lab/holder.ts: network namespaces without names. Each lives with one small process, its holder, and ends with it.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { MaglevError } from '../../errors.js';

/** How namespaces are made here: `root` has the right to; `user` first makes a user namespace in which it has it. */
export type LabMode = 'root' | 'user';

/** Whether this machine lets us make network namespaces, and how; if not, what `unshare` said. */
type LabSupport = { mode: LabMode; reason?: never } | { mode?: never; reason: string };

/** What helps where the kernel refuses: Debian's switch, and Ubuntu's since 23.10. */
export const NAMESPACES_HELP =
  'run as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0)';

const READY = 'ready';
const CLOSE_TIMEOUT_MS = 3000;

/**
 * What a holder runs: it waits until its standard input ends, which the kernel sees to however we die, SIGKILL included.
 * Then it kills whatever is left in its network namespace (a balancer's `nft`, workers of nginx), itself excepted,
 * removes the directory it was given, and ends; nothing holds the namespace any more, so the kernel takes it apart.
 * It asks more than once because a process may fork while it looks.
 */
const HOLDER_SCRIPT = `
echo ${READY}
while read -r _; do :; done
net=$(readlink /proc/self/ns/net)
pattern="net:\\\\[\${net#net:?}"
pattern="\${pattern%?}\\\\]"
for round in 1 2 3; do
  for link in $(find /proc/[0-9]*/ns/net -maxdepth 0 -lname "$pattern" 2>/dev/null); do
    pid=\${link#/proc/}
    pid=\${pid%%/*}
    [ "$pid" = "$$" ] || kill -9 "$pid" 2>/dev/null
  done
done
for directory in "$@"; do
  rm -rf -- "$directory"
done
`;

/** Places where Debian keeps `ip`, `nft` and the like; an ordinary user's PATH does not have them. */
const SYSTEM_PATHS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin'];

/** The environment for programs of the lab: ours, with the system directories on PATH. */
export function labEnv(): NodeJS.ProcessEnv {
  const path = (process.env.PATH ?? '').split(':').filter((entry) => entry !== '');
  const missing = SYSTEM_PATHS.filter((entry) => !path.includes(entry));
  return { ...process.env, PATH: [...path, ...missing].join(':') };
}

/** Tries what `createLab` needs and says how it can be done, or why not. Takes a few ms; leaves nothing behind. */
export function labSupport(modes: readonly LabMode[] = ['root', 'user']): LabSupport {
  const tried: string[] = [];
  for (const mode of modes) {
    const [command, ...args] = unshareCommand(mode);
    const result = spawnSync(command, [...args, 'true'], { env: labEnv(), encoding: 'utf8' });
    if (result.status === 0) return { mode };
    tried.push(`${command} ${args.join(' ')}: ${result.error?.message ?? result.stderr.trim()}`);
  }
  return { reason: tried.join('; ') };
}

function unshareCommand(mode: LabMode): [string, ...string[]] {
  return mode === 'root' ? ['unshare', '--net'] : ['unshare', '--user', '--map-root-user', '--net'];
}

/** The words before a command that put it into the namespaces of the process `pid`. */
export function enterCommand(mode: LabMode, pid: number): string[] {
  // Without --preserve-credentials nsenter calls setgroups(2), which a user namespace of an ordinary user refuses.
  const user = mode === 'user' ? ['--user', '--preserve-credentials'] : [];
  return ['nsenter', '--target', String(pid), ...user, '--net'];
}

/** A running holder. */
export interface Holder {
  /** Process whose network namespace it is. */
  readonly pid: number;
  /** Ends the namespace and all processes in it; resolves when the holder is gone. */
  close(): Promise<void>;
}

/** What a holder is made of. */
interface HolderOptions {
  mode: LabMode;
  /** In `user` mode: the process whose user namespace the new network namespace belongs to; none for the first. */
  within?: number;
  /** A directory that is to vanish with the namespace, also when we are killed. */
  directory?: string;
}

/** Starts a holder in a new network namespace. Rejects with ERR_SYSCALL when the kernel refuses. */
export async function startHolder({ mode, within, directory }: HolderOptions): Promise<Holder> {
  const enter =
    mode === 'user' && within !== undefined
      ? ['nsenter', '--target', String(within), '--user', '--preserve-credentials', ...unshareCommand('root')]
      : unshareCommand(mode);
  const script = ['sh', '-c', HOLDER_SCRIPT, 'holder', ...(directory === undefined ? [] : [directory])];
  const [command = '', ...args] = [...enter, ...script];
  // detached: Ctrl-C goes to a whole process group; the holder is to outlive us, not to go with us.
  const child = spawn(command, args, { env: labEnv(), stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  await untilReady(child, `${enter.join(' ')}`);
  if (child.pid === undefined) throw new MaglevError('ERR_INTERNAL', `${enter.join(' ')}: started without a pid`);
  return { pid: child.pid, close: () => closeHolder(child) };
}

function untilReady(child: ChildProcess, tried: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    child.stdout?.setEncoding('utf8').once('data', () => resolve());
    child.once('error', (cause) => reject(new MaglevError('ERR_MISSING', `${tried}: ${cause.message}`, { cause })));
    child.once('close', (code) => {
      reject(new MaglevError('ERR_SYSCALL', `${tried}: exit code ${code}: ${complaint.trim()}; ${NAMESPACES_HELP}`));
    });
  });
}

async function closeHolder(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdin?.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_TIMEOUT_MS);
  await gone;
  clearTimeout(timer);
}
