// host/cli/screen.ts: text that is shown again and again: in place on a terminal, one after the other elsewhere.
import { setTimeout as sleep } from 'node:timers/promises';

const HOME = '\x1b[H';
const CLEAR_LINE_END = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
const ENTER_ALTERNATE = '\x1b[?1049h\x1b[?25l';
const LEAVE_ALTERNATE = '\x1b[?25h\x1b[?1049l';

/** Where something is shown again and again. */
export interface Screen {
  /** Shows these lines instead of, or below, those of before. */
  show(lines: readonly string[]): void;
  /** Gives the terminal back, as it was. */
  close(): void;
}

/** Opens the terminal, where `stream` is one: what stood there comes back with `close`. */
export function openScreen(stream: NodeJS.WriteStream): Screen {
  if (!stream.isTTY) return { show: (lines) => void stream.write(`${lines.join('\n')}\n\n`), close: () => undefined };
  stream.write(ENTER_ALTERNATE);
  return {
    show: (lines) => {
      const [rows, columns] = [stream.rows || 24, stream.columns || 80]; // 0: a terminal that does not say
      const room = rows - 1;
      const shown =
        lines.length <= room ? lines : [...lines.slice(0, room - 1), `... ${lines.length - room + 1} more lines`];
      const text = shown.map((line) => `${line.slice(0, columns)}${CLEAR_LINE_END}`).join('\n');
      stream.write(`${HOME}${text}\n${CLEAR_BELOW}`);
    },
    close: () => void stream.write(LEAVE_ALTERNATE),
  };
}

/** Waits `ms`, or until `signal` is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
