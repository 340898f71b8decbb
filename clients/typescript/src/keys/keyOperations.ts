// protocol.md section 7.
import { toBase64 } from '../bytes/base64.js';
import { type Hash32, type Signature, hash32, randomId } from '../bytes/ids.js';
import type { EnclaveOperations } from '../client/enclaveOperations.js';
import type { EnclaveVerifier } from '../client/enclaveVerifier.js';
import { waitUntil } from '../client/waiting.js';
import { decryptWire } from '../crypto/aesGcmWire.js';
import { deriveLabelled } from '../crypto/derivation.js';
import { sha256Hex } from '../crypto/hashes.js';
import { seal } from '../crypto/hpke.js';
import { signature, verifyEcdsa, verifySchnorr } from '../crypto/publicKeys.js';
import { randomBytes } from '../crypto/random.js';
import type { SecretKey } from '../crypto/secretKey.js';
import { wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { checkAnswer, checkState } from '../generated/api.js';
import { aad, purposes } from '../groups/aad.js';
import { sameGateway } from '../http/address.js';
import { blobOf, invalidAnswer, toSignedJson, toStatement } from '../http/answers.js';
import { targets } from '../http/targets.js';
import type { GatewayTransport } from '../http/transport.js';
import type { Profile } from '../profile/profile.js';
import type { KeyRecord } from '../profile/records.js';
import { keyEraseKind } from '../statements/shortStatements.js';
import { type SingleSignAlgorithm, type SingleTweak, encodeSingleSignBlob, singleSignKind } from '../statements/singleSign.js';
import { type SignedStatement, signStatement } from '../statements/signed.js';
import { KeyAdding, type NewKeyOptions, verifyKey } from './keyAdding.js';
import { KeyRecords } from './keyRecords.js';
import { OwnedKey } from './ownedKey.js';

const lifetime = 10 * 60 * 1000;
const usualPatience = 30 * 1000;

/** Keys of one owner. */
export class KeyOperations {
  readonly #transport: GatewayTransport;
  readonly #verifier: EnclaveVerifier;
  readonly #records: KeyRecords;
  readonly #adding: KeyAdding;
  readonly #now: () => number;

  constructor(transport: GatewayTransport, enclaves: EnclaveOperations, verifier: EnclaveVerifier, profile: Profile, now: () => number) {
    this.#transport = transport;
    this.#verifier = verifier;
    this.#records = new KeyRecords(profile);
    this.#adding = new KeyAdding(transport, enclaves, this.#records, now);
    this.#now = now;
  }

  /** Seals a key to an enclave. The caller keeps its own copy safe: it is the only recovery. */
  async import(key: SecretKey, options: NewKeyOptions = {}): Promise<OwnedKey> {
    return await this.#adding.add(key, options);
  }

  /** Has an enclave make a key that nobody else ever has. It is lost with the enclave's identity key. */
  async make(options: NewKeyOptions = {}): Promise<OwnedKey> {
    return await this.#adding.add(undefined, options);
  }

  /** Posts a key's statement again, the same bytes, after an answer was lost. */
  async resume(key: Hash32): Promise<OwnedKey> {
    const record = await this.#here(key);
    return record.unconfirmed === undefined ? await this.load(key) : await wiping(await this.#records.authorisation(key), (owner) => this.#adding.post(record, owner));
  }

  async load(key: Hash32): Promise<OwnedKey> {
    const record = await this.#records.get(key);
    if (record.erased) {
      throw new KeyMeldError('erased', `The key ${key} was erased.`);
    }
    if (record.unconfirmed !== undefined || record.publicKey === undefined) {
      throw new KeyMeldError('still_pending', `The key ${key} was never confirmed by its enclave; resume it.`);
    }
    const statement = verifyKey(toStatement(record.statement));
    if (statement.hash !== key) {
      throw new KeyMeldError('profile_invalid', `The profile's record of the key ${key} contradicts itself.`);
    }
    return new OwnedKey({ statement, publicKey: record.publicKey, gateway: record.gateway, label: record.label });
  }

  /** The keys of the profile. */
  async list(): Promise<readonly { readonly id: Hash32; readonly label: string | undefined; readonly state: 'pending' | 'ready' | 'erased' }[]> {
    return (await this.#records.list()).map((record) => ({ id: record.key, label: record.label, state: record.erased ? 'erased' : record.unconfirmed === undefined ? 'ready' : 'pending' }));
  }

  /** BIP-340 over a 32-byte message, verified here. */
  async signBip340(key: OwnedKey, message32: Uint8Array, tweak: SingleTweak = 'none', timeout = usualPatience): Promise<Signature> {
    return await this.#sign(key, hash32(message32), 'bip340', tweak, timeout, (made) => verifySchnorr(key.outputKey(tweak), message32, made));
  }

  /** ECDSA over a 32-byte hash: RFC 6979, low s, 64 bytes compact, verified here. */
  async signEcdsa(key: OwnedKey, hash: Uint8Array, timeout = usualPatience): Promise<Signature> {
    return await this.#sign(key, hash32(hash), 'ecdsa', 'none', timeout, (made) => verifyEcdsa(key.publicKey, hash, made));
  }

  /** Has the sealed key erased. */
  async erase(key: Hash32): Promise<void> {
    const record = await this.#here(key);
    if (record.erased) {
      return;
    }
    const erase = wiping(await this.#records.authorisation(key), (owner) => signStatement(keyEraseKind, { key, created: this.#now() }, owner));
    try {
      const answer = await this.#transport.send({ method: 'POST', target: targets.eraseKey(key), check: checkState, body: toSignedJson(erase.statement) });
      if (answer.state !== 'erased') {
        throw invalidAnswer(`the key is ${answer.state} after it was erased`);
      }
    } catch (error) {
      // One that was never confirmed may never have been there.
      if (!(error instanceof KeyMeldError) || error.code !== 'not_found' || record.unconfirmed === undefined) {
        throw error;
      }
    }
    await this.#records.update(key, (stored) => {
      const { unconfirmed: _, ...rest } = stored ?? record;
      return { ...rest, erased: true };
    });
    await this.#records.forgetSecrets(key);
  }

  async #sign(key: OwnedKey, message: Hash32, algorithm: SingleSignAlgorithm, tweak: SingleTweak, timeout: number, isSignature: (made: Signature) => boolean): Promise<Signature> {
    await this.#here(key.id);
    const { enclave } = key.statement.value;
    return await wiping(await this.#records.authorisation(key.id), async (authorisation) => {
      await this.#verifier.verify([enclave]);
      return await wiping(randomBytes(32), async (response) => {
        const request = randomId();
        const sealed = wiping(encodeSingleSignBlob(message, tweak, response), (blob) => seal(enclave.key, purposes.singleSign, aad.singleSign(key.id, request), blob));
        const created = this.#now();
        const signed = signStatement(singleSignKind, { key: key.id, request, created, expires: created + lifetime, algorithm, sealed: sha256Hex(sealed) }, authorisation);
        const wire = await this.#ask(key.id, signed.statement, sealed, timeout);
        const plaintext = wiping(deriveLabelled(response, 'KeyMeld/v1/single-answer'), (secret) => decryptWire(secret, aad.singleAnswer(signed.hash), wire));
        if (plaintext?.length !== 64) {
          throw invalidAnswer('it does not come from the enclave that was asked to sign');
        }
        const made = signature(plaintext);
        if (!isSignature(made)) {
          throw new KeyMeldError('signature_invalid', `The signature does not verify under the key ${key.publicKey}.`);
        }
        return made;
      });
    });
  }

  async #ask(key: Hash32, statement: SignedStatement, sealed: Uint8Array, timeout: number): Promise<Uint8Array> {
    const body = { request: toSignedJson(statement), sealed: toBase64(sealed) };
    const answer = await waitUntil(timeout, undefined, () => this.#transport.send({ method: 'POST', target: targets.signWithKey(key), check: checkAnswer, body }));
    return blobOf(answer.answer);
  }

  async #here(key: Hash32): Promise<KeyRecord> {
    const record = await this.#records.get(key);
    if (!sameGateway(record.gateway, this.#transport.gateway.href)) {
      throw new KeyMeldError('bad_request', `The key lives on ${record.gateway}; connect to that gateway.`);
    }
    return record;
  }
}

