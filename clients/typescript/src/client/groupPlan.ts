import { at } from '../bytes/bytes.js';
import { type Id16, type XOnlyKey, randomId } from '../bytes/ids.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { showText } from '../http/untrustedText.js';
import { limits } from '../limits.js';
import type { Manifest, Participant } from '../statements/manifest.js';
import { TweakChain } from '../statements/tweakChain.js';
import type { VerifiedEnclave } from './verifiedEnclave.js';

/** A place of a group that is to be. */
export interface PlannedParticipant {
  /** The creator's own place, one an invitation is drawn for, or one for somebody whose admission key is known. */
  readonly place: 'own' | 'invited' | XOnlyKey;
  /** For the creator's eyes only. */
  readonly name?: string;
  /** Number of the enclave that hosts it; otherwise they take turns. */
  readonly enclave?: number;
  /** It signs at home: no enclave ever has its key. */
  readonly atHome?: boolean;
}

export interface PlannedSubset {
  readonly members: readonly number[];
  /** Drawn when absent. */
  readonly id?: Id16;
  /** BIP-86 when absent. */
  readonly tweaks?: TweakChain;
}

/** A group that is to be. */
export interface GroupPlan {
  readonly participants: readonly PlannedParticipant[];
  readonly label?: string;
  readonly subsets?: readonly PlannedSubset[];
  /** Places whose approvals count; all when absent. */
  readonly approvers?: readonly number[];
  /** How many of them must approve; all when absent. */
  readonly threshold?: number;
  /** Signs without anybody's counted approval. */
  readonly unattended?: boolean;
  readonly creatorRequests?: boolean;
  /** BIP-86 when absent. */
  readonly tweaks?: TweakChain;
  /** plain and xonly tweaks can hide a script that nobody sees. */
  readonly allowRawTweaks?: boolean;
  /** Unix milliseconds. */
  readonly joinBy?: number;
  /** Unix milliseconds. */
  readonly signUntil?: number;
  /** Numbers of the enclaves; as many as there are hosted places, of those that are ready, when absent. */
  readonly enclaves?: readonly number[];
}

export function checkPlan(plan: GroupPlan): void {
  const count = plan.participants.length;
  const isPlace = (place: number): boolean => Number.isInteger(place) && place >= 0 && place < count;
  require(count >= 1 && count <= limits.participants, `A group has 1 to ${limits.participants} places, not ${count}.`);
  require(plan.participants.filter((one) => one.place === 'own').length <= 1, "Only one place can be the creator's own.");
  require(plan.label === undefined || showText(plan.label) === plan.label, 'The label has characters that cannot be shown.');
  for (const { members } of plan.subsets ?? []) {
    require(members.length >= 2 && new Set(members).size === members.length, 'A subset has at least two members, each once.');
    require(members.every(isPlace), 'A subset names a place that is not there.');
  }
  const approvers = plan.approvers === undefined ? count : new Set(plan.approvers).size;
  require(plan.unattended !== true || (plan.threshold ?? 0) === 0, 'An unattended group has no threshold.');
  require((plan.threshold ?? 0) <= approvers, 'The threshold is above the number of approvers.');
  require(plan.unattended === true || plan.threshold === undefined || plan.threshold > 0, 'A threshold of 0 signs without approvals: say so with unattended.');
  require((plan.approvers ?? []).every(isPlace), "An approver's place is not there.");
  require(new Set(plan.enclaves ?? []).size === (plan.enclaves ?? []).length, 'An enclave is named twice.');
  require(plan.participants.every((one) => one.atHome !== true || one.enclave === undefined), 'A place that signs at home has no enclave.');
  const named = plan.participants.flatMap((one) => one.enclave ?? []);
  require(plan.enclaves === undefined || named.every((enclave) => plan.enclaves?.includes(enclave)), "A place names an enclave that is not among the group's.");
  refuseRaw([plan.tweaks, ...(plan.subsets ?? []).map((subset) => subset.tweaks)], plan.allowRawTweaks, 'Set allowRawTweaks if you want that.');
}

/** Places in their order, hosted in turns where the plan does not say. */
export function assignPlaces(plan: GroupPlan, hosts: readonly VerifiedEnclave[], admissions: readonly XOnlyKey[]): Participant[] {
  let hosted = 0;
  return plan.participants.map((participant, place) => {
    const turn = participant.atHome === true ? undefined : hosted++ % hosts.length;
    const enclave = participant.enclave === undefined ? turn : hosts.findIndex((host) => host.number === participant.enclave);
    return { user: randomId(), admission: at(admissions, place), enclave };
  });
}

export function planApprovals(plan: GroupPlan): Manifest['approvals'] {
  const members = plan.approvers === undefined ? plan.participants.map((_, place) => place) : [...new Set(plan.approvers)].sort((a, b) => a - b);
  return { members, threshold: plan.unattended === true ? 0 : plan.threshold ?? members.length };
}

/** A plain or xonly tweak needs the caller's explicit word. */
export function refuseRaw(chains: readonly (TweakChain | undefined)[], accepted: boolean | undefined, how: string): void {
  if (accepted !== true && chains.some((chain) => chain?.isRaw === true)) {
    throw new KeyMeldError('unsupported', `There is a plain or xonly tweak, which can hide a script nobody sees. ${how}`);
  }
}

function require(holds: boolean, otherwise: string): void {
  if (!holds) {
    throw new KeyMeldError('manifest_invalid', otherwise);
  }
}
