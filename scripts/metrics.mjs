// scripts/metrics.mjs: writes docs/METRICS.md from the built code: `npm run metrics`. A test compares it with what is there.
import { writeFileSync } from 'node:fs';
import { metricsDocument } from '../dist/host/metrics/document.js';

writeFileSync(new URL('../docs/METRICS.md', import.meta.url), metricsDocument());
