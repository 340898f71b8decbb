// protocol.md section 3: what a client checks before it uses an enclave's key.
import { AttestationError } from '../attestation/attestationError.js';
import type { AttestationPolicy } from '../attestation/policy.js';
import { verifyAttestation } from '../attestation/verifier.js';
import { at } from '../bytes/bytes.js';
import { randomBytes } from '../crypto/random.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { type Identity, checkIdentity } from '../generated/api.js';
import { blobOf } from '../http/answers.js';
import { targets } from '../http/targets.js';
import type { GatewayTransport } from '../http/transport.js';
import { showText } from '../http/untrustedText.js';
import type { PinBook } from '../profile/pinBook.js';
import type { EnclaveKeys } from '../statements/enclaveKeys.js';
import { identityUserData, parseIdentity } from '../statements/identity.js';
import type { VerifiedEnclave } from './verifiedEnclave.js';

const answerBytes = 256 * 1024;

export class EnclaveVerifier {
  readonly #transport: GatewayTransport;
  readonly #policy: AttestationPolicy;
  readonly #pins: PinBook;
  readonly #now: () => number;

  constructor(transport: GatewayTransport, policy: AttestationPolicy, pins: PinBook, now: () => number) {
    this.#transport = transport;
    this.#policy = policy;
    this.#pins = pins;
    this.#now = now;
  }

  /** Asks with a fresh nonce and verifies; the caller looks at the pins. */
  async attest(number: number): Promise<VerifiedEnclave> {
    const nonce = randomBytes(32);
    const answer = await this.#transport.send({ method: 'GET', target: targets.identity(number, nonce), check: checkIdentity, mostBytes: answerBytes });
    return await this.#verify(number, nonce, answer);
  }

  /** Verifies the enclaves of a group now, their pins, and that they have exactly the keys the group names. */
  async verify(expected: readonly EnclaveKeys[]): Promise<ReadonlyMap<number, VerifiedEnclave>> {
    const enclaves = await Promise.all([...new Set(expected.map((entry) => entry.id))].map((id) => this.attest(id)));
    for (const enclave of enclaves) {
      await this.#pins.check(enclave);
    }
    const verified = new Map(enclaves.map((enclave) => [enclave.number, enclave]));
    for (const entry of expected) {
      const epochs = verified.get(entry.id)?.epochs ?? [];
      if (!epochs.some((epoch) => epoch.epoch === entry.epoch && epoch.key === entry.key && epoch.sign === entry.sign)) {
        throw new KeyMeldError('enclave_mismatch', `Enclave ${entry.id} proved itself, but the group names another key for its epoch ${entry.epoch} than it has.`);
      }
    }
    return verified;
  }

  async #verify(number: number, nonce: Uint8Array, answer: Identity): Promise<VerifiedEnclave> {
    try {
      return await this.#verified(number, nonce, blobOf(answer.identity), blobOf(answer.attestation));
    } catch (error) {
      if (error instanceof AttestationError) {
        throw refused(number, `${error.failure}: ${error.message}`, error);
      }
      if (error instanceof KeyMeldError && (error.code === 'statement_invalid' || error.code === 'limit_exceeded')) {
        throw refused(number, error.message, error);
      }
      throw error;
    }
  }

  async #verified(number: number, nonce: Uint8Array, identityBytes: Uint8Array, attestation: Uint8Array): Promise<VerifiedEnclave> {
    // The attestation first: until it verifies, the identity is only bytes.
    const attested = verifyAttestation(attestation, this.#policy.root, { nonce, userData: identityUserData(identityBytes) }, this.#now());
    const identity = parseIdentity(identityBytes);
    try {
      this.#policy.requireRelease(attested, identity.kms, identity.config);
    } catch (error) {
      // Who verified this enclave before is told that it moved to another build, which may be an update; who did not, only that it is none of the releases.
      if (error instanceof AttestationError && (await this.#pins.knows(identity.kms, identity.id))) {
        throw new KeyMeldError('enclave_changed', `Enclave ${identity.id} was verified before and now runs another build: ${error.message} `
          + 'If that is a new release, get its manifest from somebody you trust and add it to yours.', { cause: error });
      }
      throw error;
    }
    if (this.#policy.kind === 'production' && identity.mode !== 'production') {
      throw refused(number, 'it runs in development mode');
    }
    if (identity.id !== number) {
      throw refused(number, `the gateway showed enclave ${identity.id} in its place`);
    }
    if (!identity.protocols.includes(1)) {
      throw new KeyMeldError('unsupported', `Enclave ${number} does not speak version 1 of the protocol.`);
    }
    return {
      number, mode: identity.mode, kmsKeyArn: identity.kms, software: showText(identity.software), epochs: identity.keys, newest: at(identity.keys, identity.keys.length - 1),
      pcrs: attested.pcrs, attestedAt: attested.timestamp,
    };
  }
}

const refused = (number: number, why: string, cause?: unknown): KeyMeldError => new KeyMeldError('attestation_invalid', `Enclave ${number} did not prove what it is: ${why}`, { cause });
