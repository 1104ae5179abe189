// host/metrics: `maglev-dsr/metrics`: a balancer's counters and state for Prometheus, through prom-client.
//
//   definitions   every metric and what it says      metrics   their values      server   over HTTP
export { METRICS, type MetricDefinition } from './definitions.js';
export { type BalancerMetrics, balancerMetrics, type Measured } from './metrics.js';
export { type MetricsOptions, type MetricsServer, serveMetrics } from './server.js';
