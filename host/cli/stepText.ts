// host/cli/stepText.ts: a step of a publisher, in words for people and in JSON for scripts.
import { type Difference, payload } from '../membership/difference.js';
import type { Plan } from '../membership/planned.js';
import type { CanonicalBackend, CanonicalVip } from '../membership/record.js';
import { showValue } from '../membership/refusal.js';
import type { StepOutcome } from '../publishing/membershipPublisher.js';
import { formatPlan } from './planText.js';

/** VIPs whose backends are listed; of a larger step the rest is one line. */
const PLANS_SHOWN = 20;
const NAMED_BY_KEY = ['vip', 'address', 'protocol', 'port'];

/** What a step would change and move. */
export function stepText({ differences, plans, excess }: StepOutcome): string {
  const reasons = excess.map(({ vip, text }) => `too large: ${vip}: ${text}`);
  return [...differences.map(differenceText), ...plansText(plans), ...reasons, ''].join('\n');
}

/** What a step changes: one line a record. */
function differenceText({ key, before, after }: Difference): string {
  if (after === undefined) return `- ${key}`;
  if (before === undefined) return `+ ${key}${fieldsText(payload(after))}`;
  const [old, now] = [payload(before), payload(after)] as [Record<string, unknown>, Record<string, unknown>];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  const changed = names.filter((name) => JSON.stringify(old[name]) !== JSON.stringify(now[name]));
  if (changed.length === 0) return `~ ${key} said again: its last message is refused, or not signed by this key`;
  return `~ ${key} ${changed.map((name) => `${name} ${fieldText(old[name])} -> ${fieldText(now[name])}`).join(', ')}`;
}

/** A step for scripts. */
export function stepJson({ differences, plans, excess, isPublished, overwritten }: StepOutcome): object {
  const of = (record: CanonicalVip | CanonicalBackend | undefined) => (record === undefined ? null : payload(record));
  return {
    differences: differences.map(({ key, before, after }) => ({ key, before: of(before), after: of(after) })),
    plans,
    excess,
    published: isPublished,
    overwritten,
  };
}

function plansText(plans: readonly Plan[]): string[] {
  const most = [...plans].sort((a, b) => b.share - a.share).slice(0, PLANS_SHOWN);
  const shown = plans.filter((plan) => most.includes(plan)).map(formatPlan);
  const left = plans.length - shown.length;
  return left > 0 ? [...shown, `and ${left} more VIPs, of which less moves (--json shows all)\n`] : shown;
}

// What the key does not say already.
function fieldsText(record: object): string {
  const fields = Object.entries(record).filter(([name]) => !NAMED_BY_KEY.includes(name));
  return fields.map(([name, value]) => ` ${name} ${fieldText(value)}`).join(',');
}

function fieldText(value: unknown): string {
  if (value === undefined) return 'default';
  if (typeof value === 'object' && value !== null && 'type' in value) return String(value.type);
  return typeof value === 'string' && /^\w+$/.test(value) ? value : showValue(value);
}
