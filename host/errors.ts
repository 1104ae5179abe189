// host/errors.ts: what this library rejects and throws: always with a code for programs and a sentence for people.

/** Codes a program can switch on. Stable: new ones may come, none changes its meaning. */
export type ErrorCode =
  | 'ERR_OPTION' // an option breaks its rule: `.option` and `.rule` say which
  | 'ERR_RECORD' // a membership record breaks its rule: `.option` is the field, `.rule` the rule
  | 'ERR_SYSCALL' // the kernel said no: `.errno` is its name, such as EPERM
  | 'ERR_BUSY' // somebody else has it: an interface already balanced
  | 'ERR_MISSING' // something to be installed is not there: a program, an optional package
  | 'ERR_BROKER' // Kafka could not be reached, or did not take a record
  | 'ERR_CAPTURE' // a capture file is damaged, or not one
  | 'ERR_LIMIT' // a limit claimed at start is reached: `.option` is the option that raises it
  | 'ERR_CLOSED' // called after close()
  | 'ERR_INTERNAL'; // a promise of our own was broken: please report

/** Where an error comes from; all of it ends up in the message as well. */
interface ErrorDetails {
  /** The option or the field of a record that is wrong, as its user writes it: `interfaces[0].name`. */
  option?: string;
  /** The rule it breaks: `must be 0..65535`. */
  rule?: string;
  /** Name of the errno a system call returned. */
  errno?: string;
  cause?: unknown;
}

/** An error of this library. `message` says what was tried, on what, what came back and what would help. */
export class MaglevError extends Error {
  override readonly name = 'MaglevError';
  /** What to switch on. */
  readonly code: ErrorCode;
  /** The option, or field of a record, that is wrong: `interfaces[0].name`. */
  readonly option?: string;
  /** The rule it breaks: `must be 0..65535`. */
  readonly rule?: string;
  /** Name of the errno: `EPERM`. */
  readonly errno?: string;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details.option !== undefined) this.option = details.option;
    if (details.rule !== undefined) this.rule = details.rule;
    if (details.errno !== undefined) this.errno = details.errno;
  }
}

/** The error for a bad option: names the option, the value and the rule. */
export function optionError(option: string, value: unknown, rule: string): MaglevError {
  return new MaglevError('ERR_OPTION', `${option} ${show(value)} ${rule}`, { option, rule });
}

/** A value as it goes into a message: short, on one line, control characters escaped. */
export function show(value: unknown): string {
  const text = typeof value === 'bigint' ? `${value}` : (JSON.stringify(value) ?? String(value));
  return text.length > 100 ? `${text.slice(0, 97)}...` : text;
}
