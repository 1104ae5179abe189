// host/membership/markConflict.ts: what `status` says of marks. In a file of its own, so that public types need no WebAssembly.

/** Two backends that have the same mark. */
export interface MarkConflict {
  readonly mark: number;
  /** Key of the backend that is reached by it. */
  readonly named: string;
  /** Key of the one that is not. */
  readonly ignored: string;
}
