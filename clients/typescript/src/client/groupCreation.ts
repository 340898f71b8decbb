// protocol.md section 5, "Creator".
import { toBase64 } from '../bytes/base64.js';
import { at } from '../bytes/bytes.js';
import { type Hash32, type Id16, randomId } from '../bytes/ids.js';
import { seal } from '../crypto/hpke.js';
import { SecretKey } from '../crypto/secretKey.js';
import { wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { checkKeygenCreated } from '../generated/api.js';
import { aad, purposes } from '../groups/aad.js';
import { SessionSecret } from '../groups/sessionSecret.js';
import { commitTerms, sealTerms } from '../groups/termsEnvelope.js';
import { invalidAnswer, toSignedJson } from '../http/answers.js';
import { targets } from '../http/targets.js';
import type { GatewayTransport } from '../http/transport.js';
import { limits } from '../limits.js';
import type { GroupRecords } from '../profile/groupRecords.js';
import type { GroupRecord } from '../profile/records.js';
import { secretNames } from '../profile/secretNames.js';
import { type Manifest, manifestKind } from '../statements/manifest.js';
import { type Signed, signStatement } from '../statements/signed.js';
import { encodeTerms } from '../statements/terms.js';
import { TweakChain } from '../statements/tweakChain.js';
import type { EnclaveOperations } from './enclaveOperations.js';
import { type GroupPlan, assignPlaces, checkPlan, planApprovals } from './groupPlan.js';
import type { VerifiedEnclave } from './verifiedEnclave.js';
import { isFinalRefusal } from './waiting.js';

/** The keys drawn for a group: the creator's, and an admission key for each place whose owner's is not known. */
interface DrawnKeys {
  readonly creator: SecretKey;
  readonly admissions: readonly (SecretKey | undefined)[];
}

export class GroupCreation {
  readonly #transport: GatewayTransport;
  readonly #enclaves: EnclaveOperations;
  readonly #records: GroupRecords;
  readonly #now: () => number;

  constructor(transport: GatewayTransport, enclaves: EnclaveOperations, records: GroupRecords, now: () => number) {
    this.#transport = transport;
    this.#enclaves = enclaves;
    this.#records = records;
    this.#now = now;
  }

  async create(plan: GroupPlan): Promise<Hash32> {
    checkPlan(plan);
    const hosts = await this.#verifyHosts(plan);
    const keys: DrawnKeys = { creator: SecretKey.generate(), admissions: plan.participants.map((one) => (one.place === 'own' || one.place === 'invited' ? SecretKey.generate() : undefined)) };
    try {
      return await wiping(SessionSecret.generate(), (session) => this.#create(plan, hosts, keys, session));
    } finally {
      [keys.creator, ...keys.admissions].forEach((key) => key?.wipe());
    }
  }

  async post(record: GroupRecord): Promise<void> {
    if (record.sessionSecrets === undefined) {
      throw new KeyMeldError('already_formed', `The group ${record.group} is formed.`);
    }
    const body = { manifest: record.manifest, terms: record.terms, session_secrets: record.sessionSecrets };
    const answer = await this.#transport.send({ method: 'POST', target: targets.keygen, check: checkKeygenCreated, body });
    if (answer.group !== record.group) {
      throw invalidAnswer(`it names the group ${answer.group}, not ${record.group}`);
    }
  }

  async #create(plan: GroupPlan, hosts: readonly VerifiedEnclave[], keys: DrawnKeys, session: SessionSecret): Promise<Hash32> {
    const subsets = (plan.subsets ?? []).map((subset) => ({ id: subset.id ?? randomId(), members: [...subset.members].sort((a, b) => a - b), tweaks: subset.tweaks ?? TweakChain.bip86 }));
    const terms = encodeTerms({ label: plan.label, tweaks: plan.tweaks ?? TweakChain.bip86, subsets: new Map<Id16, TweakChain>(subsets.map((subset) => [subset.id, subset.tweaks])) });
    const admissions = plan.participants.map((one, place) => keys.admissions[place]?.xOnlyKey ?? (one.place === 'own' || one.place === 'invited' ? undefined : one.place)).filter((key) => key !== undefined);
    const manifest = signStatement(manifestKind, {
      created: this.#now(),
      joinBy: plan.joinBy,
      signUntil: plan.signUntil,
      creator: keys.creator.xOnlyKey,
      creatorRequests: plan.creatorRequests === true,
      unattended: plan.unattended === true,
      enclaves: hosts.map((host) => ({ key: host.newest.key, sign: host.newest.sign, epoch: host.newest.epoch, id: host.number })),
      participants: assignPlaces(plan, hosts, admissions),
      subsets: subsets.map(({ id, members }) => ({ id, members })),
      approvals: planApprovals(plan),
      terms: commitTerms(session, terms),
    }, keys.creator);
    const record = this.#record(plan, manifest, sealTerms(session, manifest.digest, terms), session);
    await this.#store(plan, record, keys, session);
    try {
      await this.post(record);
    } catch (error) {
      if (isFinalRefusal(error)) {
        await this.#records.forget(record.group);
      }
      throw error;
    }
    return record.group;
  }

  async #verifyHosts(plan: GroupPlan): Promise<VerifiedEnclave[]> {
    let numbers = plan.enclaves;
    if (numbers === undefined) {
      // Enclaves that host nobody would only be more holders of the session secret; one has to combine, also where everybody signs at home.
      const hosted = Math.min(limits.enclaves, Math.max(1, plan.participants.filter((one) => one.atHome !== true).length));
      numbers = [...new Set([...(await this.#enclaves.ready()).slice(0, hosted), ...plan.participants.flatMap((one) => one.enclave ?? [])])];
    }
    return await Promise.all(numbers.map((number) => this.#enclaves.verify(number)));
  }

  #record(plan: GroupPlan, manifest: Signed<Manifest>, terms: Uint8Array, session: SessionSecret): GroupRecord {
    const own = plan.participants.findIndex((one) => one.place === 'own');
    return {
      version: 1,
      gateway: this.#transport.gateway.href,
      group: manifest.digest,
      ...(plan.label === undefined ? {} : { label: plan.label }),
      isCreator: true,
      manifest: toSignedJson(manifest.statement),
      terms: toBase64(terms),
      sessionSecrets: manifest.value.enclaves.map((enclave, index) =>
        toBase64(wiping(session.export(), (secret) => seal(enclave.key, purposes.sessionSecret, aad.sessionSecret(manifest.digest, index), secret)))),
      names: plan.participants.map((one) => one.name ?? null),
      ...(own < 0 ? {} : { place: own }),
    };
  }

  async #store(plan: GroupPlan, record: GroupRecord, keys: DrawnKeys, session: SessionSecret): Promise<void> {
    const { profile } = this.#records;
    await profile.putSecret(secretNames.session(record.group), session.export());
    await profile.putSecret(secretNames.creator(record.group), keys.creator.export());
    for (const [place, key] of keys.admissions.entries()) {
      if (key !== undefined) {
        const name = at(plan.participants, place).place === 'own' ? secretNames.admission(record.group) : secretNames.invited(record.group, place);
        await profile.putSecret(name, key.export());
      }
    }
    await this.#records.update(record.group, () => record);
  }
}
