import { at } from '../bytes/bytes.js';
import { toXOnly } from '../crypto/publicKeys.js';
import { SecretKey } from '../crypto/secretKey.js';
import { type Wipeable, wiping } from '../crypto/secrets.js';
import type { Hash32, Id16, XOnlyKey } from '../bytes/ids.js';
import { KeyMeldError, knownCode } from '../errors/keyMeldError.js';
import type { ErrorCode } from '../generated/errorCodes.js';
import { type Keygen, type StateEvent, checkState, checkStateEvent } from '../generated/api.js';
import { Invitation } from '../groups/invitation.js';
import { sameGateway } from '../http/address.js';
import { toSignedJson, toStatement } from '../http/answers.js';
import { targets } from '../http/targets.js';
import type { GatewayTransport } from '../http/transport.js';
import { showText } from '../http/untrustedText.js';
import { GroupRecords } from '../profile/groupRecords.js';
import type { Profile } from '../profile/profile.js';
import type { GroupRecord } from '../profile/records.js';
import { secretNames } from '../profile/secretNames.js';
import { eraseKind } from '../statements/shortStatements.js';
import { signStatement } from '../statements/signed.js';
import type { EnclaveOperations } from './enclaveOperations.js';
import type { EnclaveVerifier } from './enclaveVerifier.js';
import type { Group } from './group.js';
import { GroupCreation } from './groupCreation.js';
import { acceptGroup, loadGroup } from './groupFormation.js';
import { GroupInspection } from './groupInspection.js';
import { GroupJoining, type JoinOptions } from './groupJoining.js';
import { GroupOffer, verifyManifest } from './groupOffer.js';
import type { GroupPlan } from './groupPlan.js';
import { fetchKeygen, requireAlive } from './keygenFetch.js';
import type { MemberKey } from './memberKey.js';
import { waitUntil } from './waiting.js';

export type GroupState = Keygen['state'];

/** How far a group is. */
export interface GroupStatus {
  readonly group: Hash32;
  readonly state: GroupState;
  /** For each place whether somebody registered. */
  readonly taken: readonly boolean[];
  readonly error: ErrorCode | undefined;
}

/** An invitation for a place that is not the creator's own. */
export interface IssuedInvitation {
  readonly place: number;
  readonly name: string | undefined;
  readonly invitation: Invitation;
}

/** A created group; {@link wipe} it when the invitations are handed over. */
export class CreatedGroup implements Wipeable {
  readonly id: Hash32;
  readonly invitations: readonly IssuedInvitation[];

  constructor(id: Hash32, invitations: readonly IssuedInvitation[]) {
    this.id = id;
    this.invitations = invitations;
  }

  wipe(): void {
    this.invitations.forEach((issued) => issued.invitation.wipe());
  }
}

export interface WaitOptions {
  /** Milliseconds; for ever when absent. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** Creating, joining and verifying groups. */
export class GroupOperations {
  readonly #transport: GatewayTransport;
  readonly #records: GroupRecords;
  readonly #now: () => number;
  readonly #creation: GroupCreation;
  readonly #inspection: GroupInspection;
  readonly #joining: GroupJoining;

  constructor(transport: GatewayTransport, enclaves: EnclaveOperations, verifier: EnclaveVerifier, profile: Profile, now: () => number) {
    this.#transport = transport;
    this.#records = new GroupRecords(profile);
    this.#now = now;
    this.#creation = new GroupCreation(transport, enclaves, this.#records, now);
    this.#inspection = new GroupInspection(transport, verifier, this.#records);
    this.#joining = new GroupJoining(transport, verifier, this.#records, now);
  }

  /** Draws an admission key of one's own, to be given to a creator who is not trusted with it: the public part. */
  async newAdmissionKey(): Promise<XOnlyKey> {
    return await wiping(SecretKey.generate(), async (key) => {
      await this.#records.profile.putSecret(secretNames.ownAdmission(key.xOnlyKey), key.export());
      return key.xOnlyKey;
    });
  }

  /** Verifies the enclaves and creates the group. What was drawn is stored before it is posted. */
  async create(plan: GroupPlan): Promise<CreatedGroup> {
    return await this.invitations(await this.#creation.create(plan));
  }

  /** Posts a created group again, the same bytes, after an answer was lost. */
  async resumeCreate(group: Hash32): Promise<void> {
    await this.#creation.post(await this.#created(group));
  }

  /** The invitations of a created group, again. */
  async invitations(group: Hash32): Promise<CreatedGroup> {
    const record = await this.#created(group);
    if (record.formed !== undefined) {
      throw new KeyMeldError('already_formed', 'Everybody has joined; there is nobody left to invite.');
    }
    const { participants } = verifyManifest(toStatement(record.manifest)).value;
    const issued: IssuedInvitation[] = [];
    for (const [place, { user }] of participants.entries()) {
      if (place !== record.place) {
        const admission = await this.#records.profile.findSecret(secretNames.invited(group, place));
        const session = wiping(await this.#records.session(group), (secret) => secret.export());
        issued.push({ place, name: record.names?.[place] ?? undefined, invitation: Invitation.create(record.gateway, group, user, admission, session) });
      }
    }
    return new CreatedGroup(group, issued);
  }

  /** Verifies what an invitation, or one's own created group, offers. Nothing is posted. */
  async inspect(invitation: Invitation | Hash32): Promise<GroupOffer> {
    return await (invitation instanceof Invitation ? this.#inspection.byInvitation(invitation) : this.#inspection.ownPlace(invitation));
  }

  /** Takes the place. What was drawn is stored before it is posted. */
  async join(offer: GroupOffer | Hash32, key: MemberKey, options: JoinOptions = {}): Promise<GroupStatus> {
    if (!(offer instanceof GroupOffer)) {
      return await wiping(await this.inspect(offer), (own) => this.join(own, key, options));
    }
    const { group } = offer;
    await this.#joining.join(offer, key, options);
    return await this.status(group);
  }

  /** Posts the registration again, the same bytes, after an answer was lost. */
  async resumeJoin(group: Hash32): Promise<GroupStatus> {
    await this.#joining.post(await this.#here(group));
    return await this.status(group);
  }

  async status(group: Hash32): Promise<GroupStatus> {
    try {
      const answer = await this.#fetch(await this.#here(group), 0);
      return { group, state: answer.state, taken: answer.registrations.map((one) => one !== null), error: answer.error === undefined ? undefined : knownCode(answer.error) };
    } catch (error) {
      if (error instanceof KeyMeldError && error.code === 'erased') {
        return { group, state: 'erased', taken: [], error: undefined };
      }
      throw error;
    }
  }

  /** Waits until everybody joined and every enclave confirmed, and verifies all of it. */
  async waitUntilFormed(group: Hash32, options: WaitOptions = {}): Promise<Group> {
    return await waitUntil(options.timeout, options.signal, async (wait) => {
      const record = await this.#here(group);
      const answer = await this.#fetch(record, wait);
      requireAlive(answer);
      return answer.state === 'formed' ? await acceptGroup(this.#records, record, answer) : undefined;
    });
  }

  /** Asks the gateway now and verifies: the same roster as ever. */
  async verify(group: Hash32): Promise<Group> {
    const record = await this.#here(group);
    const answer = await this.#fetch(record, 0);
    requireAlive(answer);
    if (answer.state !== 'formed') {
      throw new KeyMeldError('group_not_formed', 'Not everybody has joined yet.');
    }
    return await acceptGroup(this.#records, record, answer);
  }

  /** From the profile, verified again; nobody is asked. */
  async load(group: Hash32): Promise<Group> {
    return await loadGroup(this.#records, await this.#records.get(group));
  }

  /** The groups of the profile. */
  async list(): Promise<readonly { readonly id: Hash32; readonly label: string | undefined; readonly isVerified: boolean; readonly outputKey: XOnlyKey | undefined }[]> {
    return (await this.#records.list()).map((record) => ({
      id: record.group, label: record.label === undefined ? undefined : showText(record.label), isVerified: record.formed !== undefined, outputKey: record.formed?.outputKeys[0],
    }));
  }

  /** States as they come (server-sent events), until the final one. They are the gateway's word. */
  async *watch(group: Hash32, signal?: AbortSignal): AsyncGenerator<StateEvent, void, undefined> {
    const reader = await this.#records.reader(await this.#here(group));
    try {
      yield* this.#transport.events({ method: 'GET', target: targets.groupEvents(group), check: checkStateEvent, reader, signal });
    } finally {
      reader.wipe();
    }
  }

  /** The secret of the member key that the profile kept when it generated it; the caller wipes it. */
  async keptKey(group: Hash32): Promise<SecretKey> {
    const record = await this.#records.get(group);
    const all = await this.#records.profile.secretNames(secretNames.members(group));
    const own = record.formed === undefined ? undefined : await loadGroup(this.#records, record);
    const member = own?.myIndex === undefined ? undefined : at(own.members, own.myIndex).memberKey;
    // Where the group was never seen formed, a second try to join may have left a second key: then nobody knows which.
    const names = member === undefined ? all : all.filter((name) => name === secretNames.member(group, member));
    const key = names.length === 1 ? await this.#records.profile.findKey(at(names, 0)) : undefined;
    if (key === undefined || (member !== undefined && key.xOnlyKey !== toXOnly(member))) {
      throw new KeyMeldError('not_found', `This profile keeps no member key of the group ${group}: give the one you joined with.`);
    }
    return key;
  }

  /** The creator takes back a group that is not formed. */
  async erase(group: Hash32): Promise<void> {
    const record = await this.#created(group);
    await wiping(await this.#records.creator(record), (key) => this.#erase(group, undefined, key));
  }

  /** A member has its own sealed key erased: the group does not sign any more. */
  async eraseOwnKey(group: Hash32): Promise<void> {
    const record = await this.#here(group);
    const { user } = this.#records.registration(record);
    await wiping(await this.#records.authorisation(record), (key) => this.#erase(group, user, key));
  }

  async #erase(group: Hash32, user: Id16 | undefined, key: SecretKey): Promise<void> {
    const erase = signStatement(eraseKind, { manifest: group, user, created: this.#now() }, key);
    await this.#transport.send({ method: 'POST', target: targets.eraseGroup(group), check: checkState, body: toSignedJson(erase.statement) });
  }

  async #fetch(record: GroupRecord, wait: number): Promise<Keygen> {
    return await wiping(await this.#records.reader(record), (reader) => fetchKeygen(this.#transport, record.group, reader, wait));
  }

  async #created(group: Hash32): Promise<GroupRecord> {
    const record = await this.#here(group);
    if (!record.isCreator) {
      throw new KeyMeldError('not_found', `This profile did not create the group ${group}.`);
    }
    return record;
  }

  async #here(group: Hash32): Promise<GroupRecord> {
    const record = await this.#records.get(group);
    if (!sameGateway(record.gateway, this.#transport.gateway.href)) {
      throw new KeyMeldError('bad_request', `The group lives on ${record.gateway}; connect to that gateway.`);
    }
    return record;
  }
}
