// host/membership/refusal.ts: a record that was not taken, said in one line.
import { MaglevError } from '../errors.js';
import type { Refusal } from './event.js';

/** A rule that a value breaks, before it is known where the value stood. */
export interface Broken {
  field: string;
  value: string;
  rule: string;
  /** Key of the record, where it could be read. */
  key?: string;
}

/** Where a record stands, for its refusal, and what is ignored when it is refused. */
export interface Place {
  /** `event at offset 8812 of partition 0`, `line 14 of members.yaml`, `change 3`. */
  where: string;
  ignored: 'event' | 'file' | 'change' | 'changes' | 'snapshot';
}

const SHOWN_MAX = 100;
// What moves a terminal's cursor or hides text without being a C0 control: DEL and C1, zero-width and bidi marks,
// line and paragraph separator, byte order mark. JSON.stringify escapes only C0.
const UNPRINTABLE = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A value as it goes into a refusal: short, on one line, nothing in it that a terminal would obey. */
export function showValue(value: unknown): string {
  if (typeof value === 'string') return escapeText(value);
  if (typeof value === 'bigint') return `${value}n`.slice(0, SHOWN_MAX);
  if (typeof value === 'function' || typeof value === 'symbol') return typeof value;
  if (Array.isArray(value)) return `array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return showObject(value);
  return String(value); // number (NaN too), boolean, null, undefined
}

function escapeText(text: string): string {
  // Cut first: the value may be megabytes long.
  const cut = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX - 3)}...` : text;
  return JSON.stringify(cut).replace(UNPRINTABLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

// Names only: the values may be nested deeper than JSON.stringify can go, or turn back on themselves.
function showObject(value: object): string {
  const names = Object.keys(value);
  const shown = names.slice(0, 3).map((name) => escapeText(name.slice(0, 24)));
  return `{${shown.join(', ')}${names.length > 3 ? ', ...' : ''}}`;
}

/** A refusal, from the rule that was broken and the place where it was. */
export function refusalAt(place: Place, broken: Broken): Refusal {
  const { field, value, rule, key } = broken;
  return { where: place.where, ...(key === undefined ? {} : { key }), field, value, rule, ignored: place.ignored };
}

/** A refusal in one line: `event at offset 8812: weight -3 for backend 10.0.1.9, expected 0..65535; event ignored`. */
export function formatRefusal(refusal: Refusal): string {
  const { where, key, field, value, rule, ignored } = refusal;
  return `${where}: ${field} ${value}${subject(key)}, ${rule}; ${ignored ?? 'event'} ignored`;
}

/** The error for programs: code ERR_RECORD, `.option` the field, `.rule` the rule, `.message` the line. */
export function refusalError(refusal: Refusal): MaglevError {
  return new MaglevError('ERR_RECORD', formatRefusal(refusal), { option: refusal.field, rule: refusal.rule });
}

// A canonical backend key ends in `:port/address`; anything else that is no VIP key is shown as it came.
function subject(key: string | undefined): string {
  if (key === undefined) return '';
  const backend = /^[a-z]+\/.+:\d+\/([0-9a-f.:]+)$/.exec(key)?.[1];
  if (backend !== undefined) return ` for backend ${backend}`;
  return /^[a-z]+\/[^\s/]+(\/\d+\]?)?:\d+$/.test(key) ? ` for VIP ${key}` : ` for key ${showValue(key)}`;
}
