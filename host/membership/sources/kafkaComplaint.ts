// host/membership/sources/kafkaComplaint.ts: why a client has no connection, in words that help.
//
// Errors of librdkafka say no more than "all broker connections are down"; its log says for each connection what came back:
//
//   [thrd:ssl://10.0.0.5:9093/bootstrap]: ssl://10.0.0.5:9093/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate
//   verify failed: broker certificate could not be verified, ... (after 3ms in state SSL_HANDSHAKE)
import { errorText } from './kafkaClient.js';
import type { LibrdKafkaError, LogEvent } from './rdkafka.js';

interface Complaining {
  on(event: 'event.error', listener: (error: LibrdKafkaError) => void): unknown;
  on(event: 'event.log', listener: (event: LogEvent) => void): unknown;
}

/** Facility of log lines about a connection that failed. */
const FAILED_CONNECTION = 'FAIL';

/** What a client last complained of. */
export class Complaint {
  private fromLog = '';
  private fromErrors = '';

  /** Empty when there is none. No secret is in it: librdkafka writes none. */
  get text(): string {
    return this.fromLog || this.fromErrors;
  }

  /** Listens to a client. */
  listen(client: Complaining): void {
    client.on('event.error', (error) => {
      this.fromErrors = errorText(error);
    });
    client.on('event.log', ({ fac, message }) => {
      if (fac === FAILED_CONNECTION) this.fromLog = complaintOf(message);
    });
  }

  clear(): void {
    this.fromLog = '';
    this.fromErrors = '';
  }
}

/** A line of the log without the thread, the state of the connection and OpenSSL's numbers. */
export function complaintOf(line: string): string {
  return line
    .replace(/^\[thrd:[^\]]*\]: /, '')
    .replace(/\/bootstrap: /, ': ')
    .replace(/ \(after \d+ms in state .*\)$/, '')
    .replace(/error:[0-9A-F]{8}:[^:]*::/g, '')
    .replace(/: receive 0 after POLLIN$/, ' (TLS, SASL: does it want one, or the other?)');
}
