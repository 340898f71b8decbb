// protocol.md section 7: importing and making a key.
import { toBase64 } from '../bytes/base64.js';
import { concat } from '../bytes/bytes.js';
import { type XOnlyKey, randomId } from '../bytes/ids.js';
import { CborEncoder } from '../cbor/encoder.js';
import type { EnclaveOperations } from '../client/enclaveOperations.js';
import { isFinalRefusal } from '../client/waiting.js';
import { sha256Hex } from '../crypto/hashes.js';
import { seal } from '../crypto/hpke.js';
import { toXOnly } from '../crypto/publicKeys.js';
import { randomBytes } from '../crypto/random.js';
import { SecretKey } from '../crypto/secretKey.js';
import { wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { checkKeyCreated } from '../generated/api.js';
import { aad, purposes } from '../groups/aad.js';
import { blobOf, invalidAnswer, toSignedJson, toStatement } from '../http/answers.js';
import { targets } from '../http/targets.js';
import type { GatewayTransport } from '../http/transport.js';
import type { KeyRecord } from '../profile/records.js';
import { isStatementKey, secretNames } from '../profile/secretNames.js';
import type { EnclaveKeys } from '../statements/enclaveKeys.js';
import { type KeyStatement, keyKind } from '../statements/keyStatement.js';
import { type Signed, type SignedStatement, readStatement, signStatement } from '../statements/signed.js';
import type { KeyRecords } from './keyRecords.js';
import { openMadeKey } from './madeKeyAnswer.js';
import { OwnedKey } from './ownedKey.js';

export interface NewKeyOptions {
  readonly label?: string;
  /** The enclave's number; the first that is ready when absent. */
  readonly enclave?: number;
}

export class KeyAdding {
  readonly #transport: GatewayTransport;
  readonly #enclaves: EnclaveOperations;
  readonly #records: KeyRecords;
  readonly #now: () => number;

  constructor(transport: GatewayTransport, enclaves: EnclaveOperations, records: KeyRecords, now: () => number) {
    this.#transport = transport;
    this.#enclaves = enclaves;
    this.#records = records;
    this.#now = now;
  }

  /** Without a key the enclave makes one. */
  async add(key: SecretKey | undefined, options: NewKeyOptions): Promise<OwnedKey> {
    if (key !== undefined) {
      await this.#requireNoStatementKey(key.xOnlyKey);
    }
    const { number, newest } = await this.#enclaves.verify(options.enclave ?? (await this.#enclaves.ready())[0] ?? 0);
    const record = await this.#store(key, options.label, { key: newest.key, sign: newest.sign, epoch: newest.epoch, id: number });
    try {
      return await this.post(record, undefined);
    } catch (error) {
      if (isFinalRefusal(error)) {
        await this.#records.forget(record.key);
      }
      throw error;
    }
  }

  /** Posts the stored statement, the same bytes each time; `owner` when it may have been posted before. */
  async post(record: KeyRecord, owner: SecretKey | undefined): Promise<OwnedKey> {
    const body = { key: record.statement, sealed: record.unconfirmed ?? '' };
    const answer = await this.#transport.send({ method: 'POST', target: targets.keys, check: checkKeyCreated, body, reader: owner });
    if (answer.id !== record.key) {
      throw invalidAnswer(`it names the key ${answer.id}, not ${record.key}`);
    }
    if (answer.answer === undefined) {
      throw invalidAnswer("the enclave's answer is missing");
    }
    return await this.#confirm(record, blobOf(answer.answer));
  }

  async #confirm(record: KeyRecord, wire: Uint8Array): Promise<OwnedKey> {
    const statement = verifyKey(toStatement(record.statement));
    const response = await this.#records.profile.findSecret(secretNames.keyResponse(record.key));
    if (response === undefined) {
      throw new KeyMeldError('profile_invalid', `The profile lacks the response secret of the key ${record.key}.`);
    }
    const answer = wiping(response, (secret) => openMadeKey(secret, keyBinding(statement.value), wire));
    const isAsAgreed = answer.proof === undefined && (statement.value.source === 'made'
      ? answer.sealed?.length === 32 && toXOnly(answer.key) !== statement.value.auth
      : answer.sealed === undefined && answer.key === record.publicKey);
    if (!isAsAgreed) {
      throw invalidAnswer("the enclave's answer shows another key than was sealed to it, or is no answer about one");
    }
    await this.#records.update(record.key, (stored) => {
      const { unconfirmed: _, ...rest } = stored ?? record;
      return { ...rest, publicKey: answer.key };
    });
    await this.#records.profile.removeSecrets((name) => name === secretNames.keyResponse(record.key));
    return new OwnedKey({ statement, publicKey: answer.key, gateway: record.gateway, label: record.label });
  }

  async #store(key: SecretKey | undefined, label: string | undefined, enclave: EnclaveKeys): Promise<KeyRecord> {
    const authorisation = SecretKey.generate();
    const response = randomBytes(32);
    const draft: KeyStatement = {
      key: randomId(), user: randomId(), auth: authorisation.xOnlyKey, enclave, source: key === undefined ? 'made' : 'imported', created: this.#now(),
    };
    const blob = sealKey(draft, key, response);
    const signed = signStatement(keyKind, { ...draft, ...(key === undefined ? {} : { envelope: sha256Hex(blob) }) }, authorisation);
    await this.#records.profile.putSecret(secretNames.keyAuthorisation(signed.hash), authorisation.export());
    await this.#records.profile.putSecret(secretNames.keyResponse(signed.hash), response);
    authorisation.wipe();
    const record: KeyRecord = {
      version: 1, gateway: this.#transport.gateway.href, key: signed.hash, ...(label === undefined ? {} : { label }), statement: toSignedJson(signed.statement),
      unconfirmed: toBase64(blob), ...(key === undefined ? {} : { publicKey: key.publicKey }), erased: false,
    };
    return await this.#records.update(signed.hash, () => record);
  }

  // A key that signs messages for others to choose must sign no statements (protocol.md section 2).
  async #requireNoStatementKey(imported: XOnlyKey): Promise<void> {
    for (const name of (await this.#records.profile.secretNames()).filter(isStatementKey)) {
      const known = await this.#records.profile.findKey(name);
      known?.wipe();
      if (known?.xOnlyKey === imported) {
        throw new KeyMeldError('key_reused', 'This key is a creator, admission or authorisation key of this profile; such a key never signs messages.');
      }
    }
  }
}

/** KB = CBOR [key, user, auth, enclave's identity key, source]. */
export const keyBinding = (key: KeyStatement): Uint8Array =>
  new CborEncoder().array(5).hex(key.key).hex(key.user).hex(key.auth).hex(key.enclave.key).text(key.source).toBytes();

export function verifyKey(statement: SignedStatement): Signed<KeyStatement> {
  const read = readStatement(keyKind, statement);
  return read.verify('statement_invalid', read.value.auth);
}

/** A key statement's blob: the secret and a response secret, or only the latter where the enclave makes the key. */
export function sealKey(statement: KeyStatement, key: SecretKey | undefined, response: Uint8Array, ephemeral?: SecretKey): Uint8Array {
  const binding = keyBinding(statement);
  const purpose = key === undefined ? purposes.makeKey : purposes.singleKey;
  const plaintext = key === undefined ? response.slice() : wiping(key.export(), (secret) => concat(secret, response));
  return wiping(plaintext, (bytes) => seal(statement.enclave.key, purpose, aad.bound(purpose, binding), bytes, ephemeral));
}

