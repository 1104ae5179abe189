// Lines of librdkafka's log, as version 2.12 wrote them, and what is left of them in our messages.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Complaint, complaintOf } from '../../host/membership/sources/kafkaComplaint.js';
import type { LogEvent } from '../../host/membership/sources/rdkafka.js';

const Complaints = suite('membership/sources/kafkaComplaint');

const REFUSED =
  '[thrd:127.0.0.1:1/bootstrap]: 127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT, 1 identical error(s) suppressed)';

Complaints('say what came back, without the machinery', () => {
  const lines: [string, string][] = [
    [REFUSED, '127.0.0.1:1: Connect to ipv4#127.0.0.1:1 failed: Connection refused'],
    [
      '[thrd:ssl://10.0.0.5:9093/bootstrap]: ssl://10.0.0.5:9093/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: broker certificate could not be verified (after 3ms in state SSL_HANDSHAKE)',
      'ssl://10.0.0.5:9093: SSL handshake failed: certificate verify failed: broker certificate could not be verified',
    ],
    [
      '[thrd:10.0.0.5:9093/bootstrap]: 10.0.0.5:9093/bootstrap: Disconnected: connection closed by peer: receive 0 after POLLIN (after 2ms in state APIVERSION_QUERY)',
      '10.0.0.5:9093: Disconnected: connection closed by peer (TLS, SASL: does it want one, or the other?)',
    ],
  ];
  for (const [line, text] of lines) assert.is(complaintOf(line), text);
});

Complaints('of a connection go before errors, which say less; other lines of the log do not count', () => {
  const listeners = new Map<string, (event: object) => void>();
  const complaint = new Complaint();
  complaint.listen({ on: (name: string, listener: (event: never) => void) => listeners.set(name, listener as never) });
  const log = (event: LogEvent) => listeners.get('event.log')?.(event);
  assert.is(complaint.text, '');
  listeners.get('event.error')?.({ code: -187, message: 'Local: All broker connections are down' });
  assert.is(complaint.text, 'all broker connections are down');
  log({ fac: 'CONFWARN', message: 'something else' });
  log({ fac: 'FAIL', message: REFUSED });
  assert.is(complaint.text, complaintOf(REFUSED));
  complaint.clear();
  assert.is(complaint.text, '');
});

Complaints.run();
