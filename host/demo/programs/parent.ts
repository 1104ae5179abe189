// host/demo/programs/parent.ts: the other end of ../lab/program.ts: how a program of the lab talks to who started it.

/** The configuration this program was started with: JSON in its first argument. */
export function readConfig<Config>(): Config {
  return JSON.parse(process.argv[2] ?? '{}') as Config;
}

/** Tells the parent something. Nobody hears it when the program was started by hand. */
export function report<Report extends object>(message: Report): void {
  process.send?.(message);
}

/** Hands every command of the parent to `handle`; ends this process when the parent is gone. */
export function onCommand<Command>(handle: (command: Command) => void): void {
  process.on('message', (message) => handle(message as Command));
  process.on('disconnect', () => process.exit(0));
}
