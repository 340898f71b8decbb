// protocol.md section 5, "Participant": everything that is checked before anything is sealed.
import { at } from '../bytes/bytes.js';
import type { Hash32, Id16, XOnlyKey } from '../bytes/ids.js';
import { SecretKey } from '../crypto/secretKey.js';
import { wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import type { Keygen } from '../generated/api.js';
import { SessionSecret } from '../groups/sessionSecret.js';
import type { Invitation } from '../groups/invitation.js';
import { blobOf, invalidAnswer, toStatement } from '../http/answers.js';
import { sameGateway } from '../http/address.js';
import type { GatewayTransport } from '../http/transport.js';
import { showText } from '../http/untrustedText.js';
import type { GroupRecords } from '../profile/groupRecords.js';
import { secretNames } from '../profile/secretNames.js';
import type { Manifest } from '../statements/manifest.js';
import type { EnclaveVerifier } from './enclaveVerifier.js';
import { GroupOffer, openKeygen, verifyManifest } from './groupOffer.js';
import { fetchKeygen, requireAlive, slotAlarm } from './keygenFetch.js';

export class GroupInspection {
  readonly #transport: GatewayTransport;
  readonly #verifier: EnclaveVerifier;
  readonly #records: GroupRecords;

  constructor(transport: GatewayTransport, verifier: EnclaveVerifier, records: GroupRecords) {
    this.#transport = transport;
    this.#verifier = verifier;
    this.#records = records;
  }

  async byInvitation(invitation: Invitation): Promise<GroupOffer> {
    if (!sameGateway(invitation.gateway, this.#transport.gateway.href)) {
      throw new KeyMeldError('bad_request', `The invitation is for the gateway ${showText(invitation.gateway)}; connect to that one.`);
    }
    const secret = invitation.exportAdmission();
    const admission = secret === undefined ? undefined : wiping(secret, (bytes) => SecretKey.tryImport(bytes));
    if (secret !== undefined && admission === undefined) {
      throw new KeyMeldError('invitation_invalid', "The invitation's admission key is no key.");
    }
    const session = wiping(invitation.exportSecret(), (bytes) => SessionSecret.import(bytes));
    return await this.#inspect(invitation.manifest, invitation.user, session, admission);
  }

  /** The creator's own place. */
  async ownPlace(group: Hash32): Promise<GroupOffer> {
    const record = await this.#records.get(group);
    const admission = record.place === undefined ? undefined : await this.#records.profile.findKey(secretNames.admission(group));
    if (admission === undefined || record.place === undefined) {
      throw new KeyMeldError('not_found', `This profile has no place of its own to take in the group ${group}.`);
    }
    const { user } = at(verifyManifest(toStatement(record.manifest)).value.participants, record.place);
    return await this.#inspect(group, user, await this.#records.session(group), admission);
  }

  async #inspect(group: Hash32, user: Id16, session: SessionSecret, given: SecretKey | undefined): Promise<GroupOffer> {
    let admission = given;
    try {
      const answer = await this.#fetch(group, admission);
      const keygen = openKeygen(group, toStatement(answer.manifest), blobOf(answer.terms), session);
      const manifest = keygen.manifest.value;
      const place = placeOf(manifest, user);
      const admitted = at(manifest.participants, place).admission;
      admission ??= await this.#ownAdmission(admitted);
      if (admission.xOnlyKey !== admitted) {
        throw new KeyMeldError('invitation_invalid', "The invitation's admission key is not that of its place.");
      }
      await this.#requireOpen(answer, place);
      const verified = await this.#verifier.verify(manifest.enclaves);
      const retired = manifest.enclaves.some((enclave) => enclave.epoch !== verified.get(enclave.id)?.newest.epoch);
      return new GroupOffer(keygen, place, admission, session, retired);
    } catch (error) {
      session.wipe();
      admission?.wipe();
      throw error;
    }
  }

  async #fetch(group: Hash32, admission: SecretKey | undefined): Promise<Keygen> {
    if (admission !== undefined) {
      return await fetchKeygen(this.#transport, group, admission, 0);
    }
    // Which of the profile's own admission keys it is only the manifest says, and who may read it the gateway: absent for the others.
    for (const name of await this.#records.profile.secretNames(secretNames.ownAdmissions)) {
      const key = await this.#records.profile.findKey(name);
      try {
        if (key !== undefined) {
          return await wiping(key, (reader) => fetchKeygen(this.#transport, group, reader, 0));
        }
      } catch (error) {
        if (!(error instanceof KeyMeldError) || error.code !== 'not_found') {
          throw error;
        }
      }
    }
    throw new KeyMeldError('not_found', "The invitation is for an admission key of your own, and none of this profile's fits.");
  }

  async #ownAdmission(admission: XOnlyKey): Promise<SecretKey> {
    const key = await this.#records.profile.findKey(secretNames.ownAdmission(admission));
    if (key === undefined) {
      throw new KeyMeldError('invitation_invalid', `The place admits ${admission}, which is no admission key of this profile.`);
    }
    return key;
  }

  async #requireOpen(answer: Keygen, place: number): Promise<void> {
    requireAlive(answer);
    if (answer.registrations.length <= place) {
      throw invalidAnswer('it has not one entry for each place');
    }
    const mine = (await this.#records.find(answer.group))?.registration;
    const taken = answer.registrations[place];
    if (taken !== null && taken !== undefined && taken.statement !== mine?.statement) {
      throw slotAlarm();
    }
  }
}

function placeOf(manifest: Manifest, user: Id16): number {
  const place = manifest.participants.findIndex((participant) => participant.user === user);
  if (place < 0) {
    throw new KeyMeldError('invitation_invalid', 'The group has no place for the invited user.');
  }
  return place;
}
