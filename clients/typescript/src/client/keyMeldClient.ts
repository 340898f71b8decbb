import type { AttestationPolicy } from '../attestation/policy.js';
import { CoSigner } from '../cosigning/coSigner.js';
import { gatewayAddress } from '../http/address.js';
import { GatewayTransport } from '../http/transport.js';
import { KeyOperations } from '../keys/keyOperations.js';
import { PinBook } from '../profile/pinBook.js';
import type { Profile } from '../profile/profile.js';
import { EnclaveOperations } from './enclaveOperations.js';
import { EnclaveVerifier } from './enclaveVerifier.js';
import { GroupOperations } from './groupOperations.js';
import { SigningOperations } from './signingOperations.js';

export interface ClientOptions {
  /** Milliseconds until a call that is not answered fails, beyond what the gateway was asked to wait; 30 seconds when absent. */
  readonly callTimeout?: number;
  /** The platform's when absent. */
  readonly fetch?: typeof globalThis.fetch;
  /** Unix milliseconds; the platform's clock when absent. */
  readonly now?: () => number;
}

/**
 * One person at one gateway. Trusts the enclaves that its policy names and what they sign; the gateway is trusted for nothing but its being there. What is secret is in the
 * profile, encrypted, or sealed to an enclave that was verified just before.
 */
export class KeyMeldClient {
  readonly gateway: string;
  readonly enclaves: EnclaveOperations;
  readonly groups: GroupOperations;
  readonly signings: SigningOperations;
  readonly keys: KeyOperations;
  /** Signs with the keys this profile keeps at home. */
  readonly coSigner: CoSigner;

  private constructor(gateway: URL, policy: AttestationPolicy, profile: Profile, options: ClientOptions) {
    // Called through the global object: a browser's fetch refuses another `this`.
    const fetch: typeof globalThis.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    const now = options.now ?? ((): number => Date.now());
    const transport = new GatewayTransport(gateway, { fetch, now, callTimeout: options.callTimeout ?? 30_000 });
    const pins = new PinBook(profile);
    const verifier = new EnclaveVerifier(transport, policy, pins, now);
    this.gateway = gateway.href;
    this.enclaves = new EnclaveOperations(transport, verifier, pins);
    this.groups = new GroupOperations(transport, this.enclaves, verifier, profile, now);
    this.signings = new SigningOperations(transport, verifier, profile, now);
    this.keys = new KeyOperations(transport, this.enclaves, verifier, profile, now);
    this.coSigner = new CoSigner(transport, this.groups, profile, now);
  }

  /** Nothing is called yet. http:// and development policies only for gateways on this machine: `gateway_insecure`. */
  static connect(gateway: string, policy: AttestationPolicy, profile: Profile, options: ClientOptions = {}): KeyMeldClient {
    return new KeyMeldClient(gatewayAddress(gateway, policy), policy, profile, options);
  }
}
