// protocol.md section 5, "Participant": registration, and "Enclave-made member key".
import { toBase64 } from '../bytes/base64.js';
import { at } from '../bytes/bytes.js';
import type { XOnlyKey } from '../bytes/ids.js';
import { sha256Hex } from '../crypto/hashes.js';
import { seal } from '../crypto/hpke.js';
import { toXOnly } from '../crypto/publicKeys.js';
import { randomBytes } from '../crypto/random.js';
import { SecretKey } from '../crypto/secretKey.js';
import { wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { type Signed as SignedJson, checkAnswer, checkState } from '../generated/api.js';
import { aad, purposes } from '../groups/aad.js';
import { type ProvenKey, encryptMemberKey, isProven, memberBinding, proveKey, sealMemberKey } from '../groups/memberKey.js';
import { blobOf, invalidAnswer, toSignedJson } from '../http/answers.js';
import { targets } from '../http/targets.js';
import type { GatewayTransport } from '../http/transport.js';
import { openMadeKey } from '../keys/madeKeyAnswer.js';
import type { GroupRecords } from '../profile/groupRecords.js';
import type { GroupRecord } from '../profile/records.js';
import { secretNames } from '../profile/secretNames.js';
import { wireOverhead } from '../crypto/aesGcmWire.js';
import { type KeySource, registrationKind } from '../statements/registration.js';
import { signStatement } from '../statements/signed.js';
import type { EnclaveVerifier } from './enclaveVerifier.js';
import type { GroupOffer } from './groupOffer.js';
import { refuseRaw } from './groupPlan.js';
import { slotAlarm } from './keygenFetch.js';
import type { MemberKey } from './memberKey.js';

/** What a joining member accepts; nothing unusual is accepted by default. */
export interface JoinOptions {
  /** Whether this member's approval is needed whenever its key signs; true when absent. */
  readonly approval?: boolean;
  readonly acceptUnattended?: boolean;
  readonly acceptRawTweaks?: boolean;
  readonly acceptRetiredEpoch?: boolean;
}

interface Prepared {
  readonly registration: SignedJson;
  readonly envelope: string | undefined;
}

/** Codes of refusals for what the registration is: then another one may be made, for example with another member key. */
const refusals = ['registration_invalid', 'pop_invalid', 'envelope_unreadable', 'envelope_mismatch', 'key_reused', 'enclave_mismatch'];

export class GroupJoining {
  readonly #transport: GatewayTransport;
  readonly #verifier: EnclaveVerifier;
  readonly #records: GroupRecords;
  readonly #now: () => number;

  constructor(transport: GatewayTransport, verifier: EnclaveVerifier, records: GroupRecords, now: () => number) {
    this.#transport = transport;
    this.#verifier = verifier;
    this.#records = records;
    this.#now = now;
  }

  async join(offer: GroupOffer, key: MemberKey, options: JoinOptions): Promise<void> {
    this.#requireAccepted(offer, options);
    if (offer.host === undefined && key.secret === undefined) {
      throw new KeyMeldError('bad_request', 'This place signs at home: no enclave makes its key. Bring one, or have one generated here.');
    }
    requireNotJoined(await this.#records.find(offer.group));
    const verified = await this.#verifier.verify(offer.manifest.enclaves);
    if (options.acceptRetiredEpoch !== true && offer.manifest.enclaves.some((enclave) => enclave.epoch !== verified.get(enclave.id)?.newest.epoch)) {
      throw new KeyMeldError('epoch_retired', 'The group was made for an older key epoch of an enclave; accept that explicitly, or ask for a new group.');
    }
    const record = await wiping(SecretKey.generate(), async (authorisation) => {
      const approval = options.approval !== false;
      const prepared = key.secret === undefined ? await this.#prepareMade(offer, authorisation, approval) : prepare(offer, key.secret, authorisation, approval);
      await this.#store(offer, key, authorisation);
      return await this.#records.update(offer.group, (stored) => this.#claim(stored, offer, prepared));
    });
    await this.post(record);
  }

  /** Posts the stored registration, the same bytes each time. */
  async post(record: GroupRecord): Promise<void> {
    const { registration, envelope } = record;
    if (registration === undefined) {
      throw new KeyMeldError('not_found', `This profile has not joined the group ${record.group}.`);
    }
    const body = { registration, ...(envelope === undefined ? {} : { envelope }) };
    try {
      await this.#transport.send({ method: 'POST', target: targets.participants(record.group), check: checkState, body });
    } catch (error) {
      if (error instanceof KeyMeldError && error.code === 'slot_taken') {
        throw slotAlarm(error);
      }
      if (error instanceof KeyMeldError && refusals.includes(error.code)) {
        await this.#records.update(record.group, (stored) => unclaimed(stored ?? record, registration));
      }
      throw error;
    }
  }

  #requireAccepted(offer: GroupOffer, options: JoinOptions): void {
    if (offer.unattended && options.acceptUnattended !== true) {
      throw new KeyMeldError('unsupported', "The group signs without anybody's counted approval; join it only if you accept that explicitly (acceptUnattended).");
    }
    refuseRaw(offer.chains, options.acceptRawTweaks, 'Join only if you accept that explicitly (acceptRawTweaks).');
    if (offer.manifest.joinBy !== undefined && offer.manifest.joinBy < this.#now()) {
      throw new KeyMeldError('join_closed', 'The time to join is over.');
    }
  }

  async #prepareMade(offer: GroupOffer, authorisation: SecretKey, approval: boolean): Promise<Prepared> {
    const host = offer.host ?? fail('No enclave makes the key of a place that signs at home.');
    const binding = bindingOf(offer, authorisation.xOnlyKey, approval, 'made');
    return await wiping(randomBytes(32), async (response) => {
      const sealed = seal(host.key, purposes.makeKey, aad.bound(purposes.makeKey, binding), response);
      const body = { b: toBase64(binding), sealed: toBase64(sealed) };
      const answer = await this.#transport.send({ method: 'POST', target: targets.makeMemberKey(offer.group), check: checkAnswer, body, reader: offer.admission });
      const made = openMadeKey(response, binding, blobOf(answer.answer));
      if (made.proof === undefined || made.sealed?.length !== wireOverhead + SecretKey.size) {
        throw invalidAnswer("the enclave's answer lacks the proof or the sealed key");
      }
      const member = { key: made.key, proof: made.proof };
      if (!isProven(binding, member)) {
        throw new KeyMeldError('pop_invalid', "The made key's proof of possession does not verify.");
      }
      return register(offer, member, binding, 'made', made.sealed, authorisation, approval);
    });
  }

  async #store(offer: GroupOffer, key: MemberKey, authorisation: SecretKey): Promise<void> {
    const { profile } = this.#records;
    await profile.putSecret(secretNames.session(offer.group), offer.session.export());
    await profile.putSecret(secretNames.admission(offer.group), offer.admission.export());
    await profile.putSecret(secretNames.authorisation(offer.group, authorisation.xOnlyKey), authorisation.export());
    // Whoever signs at home needs the key here, wherever it came from.
    if (key.secret !== undefined && (key.isGenerated || offer.host === undefined)) {
      await profile.putSecret(secretNames.member(offer.group, key.secret.publicKey), key.secret.export());
    }
  }

  #claim(stored: GroupRecord | undefined, offer: GroupOffer, prepared: Prepared): GroupRecord {
    requireNotJoined(stored);
    const record: GroupRecord = stored ?? {
      version: 1,
      gateway: this.#transport.gateway.href,
      group: offer.group,
      ...(offer.label === undefined ? {} : { label: offer.label }),
      isCreator: false,
      manifest: toSignedJson(offer.keygen.manifest.statement),
      terms: toBase64(offer.keygen.termsWire),
    };
    return { ...record, place: offer.place, registration: prepared.registration, ...(prepared.envelope === undefined ? {} : { envelope: prepared.envelope }) };
  }
}

function prepare(offer: GroupOffer, member: SecretKey, authorisation: SecretKey, approval: boolean): Prepared {
  const source = offer.host === undefined ? 'home' : 'imported';
  const binding = bindingOf(offer, authorisation.xOnlyKey, approval, source);
  const envelope = offer.host === undefined ? undefined : sealMemberKey(offer.host.key, binding, member);
  return register(offer, proveKey(member, binding), binding, source, envelope, authorisation, approval);
}

function register(offer: GroupOffer, member: ProvenKey, binding: Uint8Array, source: KeySource, envelope: Uint8Array | undefined, authorisation: SecretKey, approval: boolean): Prepared {
  const own = toXOnly(member.key);
  if (own === offer.creator || offer.manifest.participants.some((participant) => participant.admission === own)) {
    throw new KeyMeldError('key_reused', "The member key is the creator's or an admission key of this group; use another.");
  }
  const registration = {
    manifest: offer.group, user: userOf(offer), auth: authorisation.xOnlyKey, approval, source,
    memberKey: encryptMemberKey(offer.session, offer.group, binding, member), envelope: envelope === undefined ? undefined : sha256Hex(envelope),
  };
  return { registration: toSignedJson(signStatement(registrationKind, registration, offer.admission, authorisation).statement), envelope: envelope === undefined ? undefined : toBase64(envelope) };
}

const userOf = (offer: GroupOffer) => at(offer.manifest.participants, offer.place).user;

const bindingOf = (offer: GroupOffer, auth: XOnlyKey, approval: boolean, source: KeySource): Uint8Array =>
  memberBinding({ manifest: offer.group, user: userOf(offer), auth, approval, source }, at(offer.manifest.participants, offer.place).enclave);

function requireNotJoined(stored: GroupRecord | undefined): void {
  if (stored?.registration !== undefined) {
    throw new KeyMeldError('conflict', 'This profile joined the group already; resume that registration instead of making another.');
  }
}

function unclaimed(stored: GroupRecord, registration: SignedJson): GroupRecord {
  const { registration: kept, envelope: _, ...rest } = stored;
  return kept?.statement === registration.statement ? rest : stored;
}

function fail(why: string): never {
  throw new KeyMeldError('bad_request', why);
}
