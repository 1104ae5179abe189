// scripts/bench.mjs: `npm run bench -- ARGS`: the set-up that these arguments need, then `maglev-dsr bench ARGS`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SETUP = fileURLToPath(new URL('setup.mjs', import.meta.url));
const MAIN = new URL('../dist/host/cli/main.js', import.meta.url);

const args = process.argv.slice(2);
// `--only membership`, `--only=membership.apply`: these go through Kafka. membership.start does not.
const names = args.flatMap((arg, i) =>
  args[i - 1] === '--only' ? [arg] : (arg.match(/^--only=(.*)/)?.slice(1) ?? []),
);
const isWithKafka = names.some((name) => /^membership(\.(?!start)|$)/.test(name));

const { status } = spawnSync(process.execPath, [SETUP, isWithKafka ? 'bench-kafka' : 'bench'], { stdio: 'inherit' });
if (status === 0) {
  // In this process, so that Ctrl-C and the exit code are its own.
  process.argv = [process.argv[0], fileURLToPath(MAIN), 'bench', ...args];
  await import(MAIN.href);
} else process.exitCode = status ?? 1;
