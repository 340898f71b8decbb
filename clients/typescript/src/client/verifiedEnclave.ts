import type { EnclaveEpoch, EnclaveMode } from '../statements/identity.js';

/** An enclave that proved what it is, just now. */
export interface VerifiedEnclave {
  readonly number: number;
  readonly mode: EnclaveMode;
  readonly kmsKeyArn: string;
  readonly software: string;
  /** Ascending. */
  readonly epochs: readonly EnclaveEpoch[];
  readonly newest: EnclaveEpoch;
  /** Registers by index, lower-case hex. */
  readonly pcrs: ReadonlyMap<number, string>;
  /** Unix milliseconds, by the hypervisor. */
  readonly attestedAt: number;
}
