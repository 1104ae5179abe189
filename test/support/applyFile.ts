// test/support/applyFile.ts: what `maglev-dsr apply FILE` does, with the options and the answer of the library.
import { readDeclaredMembers } from '../../host/cli/members.js';
import {
  createMembershipPublisher,
  type MembershipPublisherOptions,
  type StepOptions,
  type StepOutcome,
} from '../../host/publishing/membershipPublisher.js';

export interface ApplyOptions extends MembershipPublisherOptions, StepOptions {
  file: string;
  /** Take away records of the topic that are not in the file. Default true. */
  remove?: boolean;
}

export interface Applied extends StepOutcome {
  /** Records that are as the file says. */
  unchanged: number;
  /** Messages in the topic that no balancer takes, one line each. */
  warnings: string[];
}

export async function applyFile({ file, remove = true, ...options }: ApplyOptions): Promise<Applied> {
  const declared = await readDeclaredMembers(file);
  const publisher = await createMembershipPublisher(options);
  try {
    const { warnings } = publisher;
    const outcome = await publisher.declare(declared, { ...options, remove });
    const put = outcome.differences.filter(({ after }) => after !== undefined).length;
    return { ...outcome, unchanged: declared.size - put, warnings };
  } finally {
    await publisher.close();
  }
}
