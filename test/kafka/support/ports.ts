// test/kafka/support/ports.ts: TCP ports of the loopback address that nobody has.
import { once } from 'node:events';
import { createServer } from 'node:net';

// Below those that the kernel gives to outgoing connections (net.ipv4.ip_local_port_range): none is taken between our look and its use.
const FIRST = 20_000;
const LAST = 32_000;

/** `count` free ports, none of them twice. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  return [...found];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false; // EADDRINUSE
  } finally {
    server.close();
  }
}
