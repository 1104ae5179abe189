// host/membership/issue.ts: what zod says of a record, as the rule that is broken: field, value, rule.
import type * as z from 'zod';
import { type Broken, showValue } from './refusal.js';

/** The first issue in the order of the fields, with the value that stands at its path; `whole` names the input itself. */
export function firstIssue(error: z.ZodError, input: unknown, whole: string): Broken {
  const issue = error.issues[0];
  if (issue === undefined) return { field: whole, value: showValue(input), rule: 'not valid' };
  const isUnknown = issue.code === 'unrecognized_keys';
  const path = isUnknown ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
  let value: unknown = input;
  for (const step of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[step];
  const isMissing = value === undefined && path.length > 0;
  const shown = isMissing ? 'is missing' : showValue(value);
  // An object within a record has no sentence of its own for that.
  const rule = isUnknown && issue.path.length > 0 ? `not a field of ${issue.path.join('.')}` : issue.message;
  return { field: path.length === 0 ? whole : showField(path), value: shown, rule };
}

// Names of unknown fields are somebody else's text too.
function showField(path: PropertyKey[]): string {
  const text = path.map(String).join('.');
  return /^[\w.:/-]{1,64}$/.test(text) ? text : showValue(text);
}
