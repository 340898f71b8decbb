import type { PublicKey } from '../bytes/ids.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { type Enclave, checkEnclaveList } from '../generated/api.js';
import { targets } from '../http/targets.js';
import type { GatewayTransport } from '../http/transport.js';
import { showText } from '../http/untrustedText.js';
import type { PinBook } from '../profile/pinBook.js';
import type { EnclaveVerifier } from './enclaveVerifier.js';
import type { VerifiedEnclave } from './verifiedEnclave.js';

/** The gateway's enclaves. What `list` says is the gateway's word; only `verify` proves anything. */
export class EnclaveOperations {
  readonly #transport: GatewayTransport;
  readonly #verifier: EnclaveVerifier;
  readonly #pins: PinBook;

  constructor(transport: GatewayTransport, verifier: EnclaveVerifier, pins: PinBook) {
    this.#transport = transport;
    this.#verifier = verifier;
    this.#pins = pins;
  }

  async list(): Promise<Enclave[]> {
    const answer = await this.#transport.send({ method: 'GET', target: targets.enclaves, check: checkEnclaveList });
    return answer.enclaves.map((enclave) => ({ ...enclave, ...shown(enclave) }));
  }

  /** Verifies an enclave's attestation, and that its key is the pinned one or a newer epoch's. */
  async verify(number: number): Promise<VerifiedEnclave> {
    const enclave = await this.#verifier.attest(number);
    await this.#pins.check(enclave);
    return enclave;
  }

  /** Accepts a changed enclave, whose newest key the caller got from somebody it trusts. */
  async acceptChange(number: number, newestKey: PublicKey): Promise<VerifiedEnclave> {
    const enclave = await this.#verifier.attest(number);
    if (enclave.newest.key !== newestKey) {
      throw new KeyMeldError('enclave_changed', `Enclave ${number} shows the key ${enclave.newest.key}, not the one to be accepted.`);
    }
    await this.#pins.accept(enclave);
    return enclave;
  }

  /** The numbers of those that are ready, ascending. */
  async ready(): Promise<number[]> {
    const ready = (await this.list()).filter((enclave) => enclave.state === 'ready').map((enclave) => enclave.id);
    if (ready.length === 0) {
      throw new KeyMeldError('unavailable', 'The gateway has no enclave that is ready.');
    }
    return ready.sort((a, b) => a - b);
  }
}

const shown = (enclave: Enclave): Partial<Enclave> => ({
  ...(enclave.reason === undefined ? {} : { reason: showText(enclave.reason) }),
  ...(enclave.detail === undefined ? {} : { detail: showText(enclave.detail) }),
  ...(enclave.kms_key_id === undefined ? {} : { kms_key_id: showText(enclave.kms_key_id) }),
  ...(enclave.software === undefined ? {} : { software: showText(enclave.software) }),
});
