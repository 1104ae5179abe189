// host/cli/stopSignal.ts: SIGINT and SIGTERM ask a command to stop; a second one does not wait for it. Commands install
// signal handlers, the library never does.

/** Resolves with the name of the first signal. */
export function untilStopped(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      process.removeListener('SIGINT', stop);
      process.removeListener('SIGTERM', stop);
      resolve(signal); // without a handler, the next signal ends the process
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
