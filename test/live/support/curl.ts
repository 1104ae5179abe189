// test/live/support/curl.ts: curl, as clients of the tests use it.
import type { LabHost } from '../../../host/demo/lab/labHost.js';
import { urlOf } from './webServers.js';

const TIMEOUT_S = 20;

/** Asks for /name over `count` connections, one after the other; resolves with how many each backend answered. */
export async function countAnswers(client: LabHost, address: string, count: number): Promise<Map<string, number>> {
  // -g: brackets are an IPv6 address, not a range, so every connection has its line.
  const urls = Array.from({ length: count }, () => `url = "${urlOf(address, '/name')}"`).join('\n');
  const args = ['-sS', '-g', '--max-time', `${TIMEOUT_S}`, '-H', 'Connection: close', '--fail-early', '-K', '-'];
  const { stdout } = await client.exec('curl', args, { input: urls, timeoutMs: TIMEOUT_S * 1000 });
  const answers = new Map<string, number>();
  for (const name of stdout.split('\n')) if (name !== '') answers.set(name, (answers.get(name) ?? 0) + 1);
  return answers;
}

/** Fetches /body and has sha256sum read it; resolves with the digest, hex. */
export async function fetchSha256(client: LabHost, address: string): Promise<string> {
  const script = 'curl -sS -g --fail --max-time "$1" "$2" | sha256sum';
  const { stdout } = await client.exec('sh', ['-c', script, 'sh', `${TIMEOUT_S}`, urlOf(address, '/body')]);
  return stdout.slice(0, 64);
}

/** Puts a file to a path; resolves with the backend that took it. */
export async function upload(client: LabHost, address: string, file: string, path: string): Promise<string> {
  const write = '%{http_code} %header{x-backend}';
  const args = ['-sS', '-g', '--fail', '--max-time', `${TIMEOUT_S}`, '-o', '/dev/null', '-w', write, '-T', file];
  const { stdout } = await client.exec('curl', [...args, urlOf(address, path)], { timeoutMs: TIMEOUT_S * 1000 });
  return stdout.replace(/^20[14] /, '');
}

/** One short try: curl's exit code (7: refused, 28: no answer in time) and what came back. */
export async function tryOnce(
  client: LabHost,
  address: string,
  { port = 80, timeoutMs = 1000 } = {},
): Promise<{ exitCode: number | null; body: string }> {
  const url = urlOf(address, '/name').replace(/\/name$/, `:${port}/name`);
  const args = ['-sS', '-g', '--max-time', `${timeoutMs / 1000}`, url];
  const { exitCode, stdout } = await client.exec('curl', args, { anyExitCode: true });
  return { exitCode, body: stdout.trim() };
}
