// host/step.ts: a step of a decision, as explain() tells it.

/** One step of a decision. */
export interface Step {
  /** In this order; a decision that ends early has fewer, and ends with `verdict`. */
  step: 'parse' | 'compat' | 'vip' | 'way' | 'hash' | 'slot' | 'backend' | 'encap' | 'verdict';
  /** A sentence. */
  text: string;
  /** The same for programs. */
  fields: Record<string, string | number | boolean>;
}
