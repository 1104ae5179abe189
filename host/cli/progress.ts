// host/cli/progress.ts: a bar on a terminal, nothing elsewhere.

const CLEAR_LINE = '\r\x1b[2K';
const BAR_WIDTH = 30;
const REDRAW_MS = 100;

/** How far something is. */
interface Progress {
  /** 0..1 */
  share: number;
  /** What stands behind the bar. */
  text: string;
}

/** Draws on stderr when that is a terminal, at most ten times a second. */
export function openProgress(): { show(progress: Progress): void; clear(): void } {
  const { isTTY } = process.stderr;
  let drawnAt = 0;
  return {
    show: ({ share, text }) => {
      if (!isTTY || performance.now() - drawnAt < REDRAW_MS) return;
      drawnAt = performance.now();
      const filled = Math.round(Math.min(1, share) * BAR_WIDTH);
      const bar = '#'.repeat(filled).padEnd(BAR_WIDTH, '.');
      process.stderr.write(`${CLEAR_LINE}[${bar}] ${Math.floor(100 * Math.min(1, share))} %  ${text}`);
    },
    clear: () => {
      if (isTTY) process.stderr.write(CLEAR_LINE);
    },
  };
}
