// host/control/protocol.ts: what is asked and answered over a control socket: one line of JSON each, one question a connection.
//
//   {"v":1,"ask":"status"}          {"v":1,"answer":{...}}  or  {"v":1,"error":{"code":"ERR_OPTION","message":"..."}}
//
// Questions only: nobody changes a balancer here.
import * as z from 'zod';
import type { Stats } from '../stats.js';
import type { Status } from '../status.js';
import type { View } from '../view.js';

export const CONTROL_VERSION = 1;
/** Longest question, bytes. */
export const QUESTION_BYTES_MAX = 4096;

export const questionSchema = z.strictObject({
  v: z.literal(CONTROL_VERSION),
  ask: z.enum(['hello', 'status', 'stats', 'view']),
});

/** What can be asked. */
export type Question = z.infer<typeof questionSchema>['ask'];

/** Who answers. */
export interface Hello {
  pid: number;
  /** Of the package. */
  version: string;
  /** Unix time, ms. */
  startedAtMs: number;
  /** Interfaces of the balancer. */
  interfaces: string[];
  /** Name in its fleet, when it reports to one. */
  id?: string;
}

/** Answers by question. `status` has all that `maglev-dsr status` shows. */
export interface Answers {
  hello: Hello;
  status: {
    hello: Hello;
    /** Unix time of the answer, ms. */
    atMs: number;
    status: Status;
    stats: Stats;
    /** Why reports to the fleet do not get through. */
    fleetProblem?: string;
  };
  stats: Stats;
  view: View;
}

/** An answer as it is sent. */
export type Reply = { v: number; answer: unknown } | { v: number; error: { code: string; message: string } };
