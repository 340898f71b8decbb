// protocol.md section 6, "Approval": at least `threshold` distinct users of approvals.members approved, and every signer of the request whose registration says
// approval: true approved, subsets alike; a member's request counts as its approval; a reject is final.
import type { Hash32 } from '../bytes/ids.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { type Approval, approvalKind } from '../statements/shortStatements.js';
import { type SignedStatement, readStatement } from '../statements/signed.js';
import type { Roster } from '../groups/roster.js';
import type { VerifiedRequest } from './verifiedRequest.js';

/** What a member decided about a request, verified. */
export interface MemberDecision {
  readonly member: number;
  readonly approved: boolean;
  /** Unix milliseconds, as the member says. */
  readonly at: number;
}

/** What a request still waits for. */
export interface Awaited {
  /** Signers that keep their approval to themselves and did not give it. */
  readonly signers: readonly number[];
  /** Approvers that may still be counted. */
  readonly approvers: readonly number[];
  /** How many of them are needed. */
  readonly votes: number;
}

export function readDecision(roster: Roster, request: Hash32, statement: SignedStatement): MemberDecision {
  const read = readStatement<Approval>(approvalKind, statement);
  if (read.value.request !== request) {
    throw new KeyMeldError('approval_invalid', 'The approval is for another request.');
  }
  const member = roster.members.find((one) => one.registration.value.user === read.value.user);
  if (member === undefined) {
    throw new KeyMeldError('approval_invalid', 'The approval is by nobody of this group.');
  }
  read.verify('approval_invalid', member.registration.value.auth);
  return { member: member.index, approved: read.value.decision === 'approve', at: read.value.created };
}

export function awaitedBy(request: VerifiedRequest, decided: readonly MemberDecision[]): Awaited {
  const approved = new Set(decided.filter((one) => one.approved).map((one) => one.member));
  const { by, signers } = request.request.value;
  if (by !== 'creator') {
    approved.add(by);
  }
  if (decided.some((one) => !one.approved)) {
    return { signers: [], approvers: [], votes: 0 };
  }
  const { members, threshold } = request.roster.manifest.value.approvals;
  const missing = signers.filter((signer) => request.roster.members[signer]?.registration.value.approval === true && !approved.has(signer));
  const open = members.filter((member) => !approved.has(member));
  const votes = Math.max(0, threshold - (members.length - open.length));
  return missing.length === 0 && votes === 0 ? { signers: [], approvers: [], votes: 0 } : { signers: missing, approvers: open, votes };
}
