// host/demo/display.ts: what one sees while the demo runs: events as lines that stay, and below them where things stand: redrawn on
// a terminal, a line every few seconds elsewhere.
import { formatBytes, formatMs } from './figures.js';

/** Where things stand. */
interface Snapshot {
  phase: string;
  /** Share of the traffic phases that is over, 0..1. */
  share: number;
  web: { requests: number; connections: number; failures: number };
  keepAlive: { open: number; failures: number; requests: number };
  streaming: { bytes: number; open: number; failures: number };
  gaming: { sent: number; received: number; rttP50Ms: number; directP50Ms: number };
}

/** Somewhere to show it. */
export interface Display {
  /** A line that stays. */
  say(line: string): void;
  /** Where things stand now. */
  show(snapshot: Snapshot): void;
  /** Takes away what is redrawn. */
  close(): void;
}

/** Between two lines where nothing can be redrawn, ms. */
const PLAIN_EVERY_MS = 3000;
const BAR_WIDTH = 40;
const COLUMNS_DEFAULT = 80;
const CLEAR_TO_END = '\u001b[0J';
const CURSOR_UP = (lines: number): string => `\u001b[${lines}A\r`;

/** A display on a stream: redrawn when it is a terminal, plain otherwise. */
export function openDisplay(stream: NodeJS.WriteStream): Display {
  return stream.isTTY ? redrawn(stream) : plain(stream);
}

/** A display that shows nothing. */
export const QUIET: Display = { say: () => undefined, show: () => undefined, close: () => undefined };

function redrawn(stream: NodeJS.WriteStream): Display {
  const startedAt = performance.now();
  let drawn = 0;
  const erase = (): string => (drawn === 0 ? '' : CURSOR_UP(drawn) + CLEAR_TO_END);
  return {
    say: (line) => {
      stream.write(`${erase()}${stamp(startedAt)} ${line}\n`);
      drawn = 0;
    },
    show: (snapshot) => {
      // A terminal may say that it is 0 wide; a line that wraps would be two when erased.
      const width = (stream.columns || COLUMNS_DEFAULT) - 1;
      const lines = describe(snapshot).map((line) => line.slice(0, width));
      stream.write(`${erase()}${lines.join('\n')}\n`);
      drawn = lines.length;
    },
    close: () => {
      stream.write(erase());
      drawn = 0;
    },
  };
}

function plain(stream: NodeJS.WriteStream): Display {
  const startedAt = performance.now();
  let shownAt = Number.NEGATIVE_INFINITY;
  return {
    say: (line) => stream.write(`${stamp(startedAt)} ${line}\n`),
    show: (snapshot) => {
      if (performance.now() - shownAt < PLAIN_EVERY_MS) return;
      shownAt = performance.now();
      const { web, keepAlive, streaming, gaming } = snapshot;
      stream.write(
        `${stamp(startedAt)}   ${snapshot.phase}: ${web.requests} requests, ${web.failures} failed; ${keepAlive.open} kept alive; ` +
          `${formatBytes(streaming.bytes)} streamed; ping ${formatMs(gaming.rttP50Ms)}\n`,
      );
    },
    close: () => undefined,
  };
}

function stamp(startedAt: number): string {
  return `[${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s]`;
}

function describe({ phase, share, web, keepAlive, streaming, gaming }: Snapshot): string[] {
  const full = Math.round(Math.min(1, share) * BAR_WIDTH);
  return [
    '',
    `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)}  ${phase}`,
    `  web         ${web.requests} requests over ${web.connections} connections, ${web.failures} failed`,
    `  keep-alive  ${keepAlive.open} connections open, ${keepAlive.requests} requests, ${keepAlive.failures} broken`,
    `  streaming   ${formatBytes(streaming.bytes)} received, ${streaming.open} streams open, ${streaming.failures} broken`,
    `  gaming      ${gaming.received} of ${gaming.sent} packets echoed, ${formatMs(gaming.rttP50Ms)} (direct ${formatMs(gaming.directP50Ms)})`,
  ];
}
