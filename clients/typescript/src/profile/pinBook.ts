// protocol.md section 3: a client pins (KMS key ARN, enclave) → newest epoch and key: a lower epoch, or another key at an equal epoch, is `enclave_changed`.
import { KeyMeldError } from '../errors/keyMeldError.js';
import type { VerifiedEnclave } from '../client/verifiedEnclave.js';
import type { Profile } from './profile.js';
import { type EnclavePin, checkPins } from './records.js';

const entry = 'pins';

export class PinBook {
  readonly #profile: Profile;

  constructor(profile: Profile) {
    this.#profile = profile;
  }

  async read(): Promise<readonly EnclavePin[]> {
    return (await this.#profile.find(entry, checkPins)) ?? [];
  }

  /** Whether an enclave was verified before. */
  async knows(kmsKeyArn: string, enclave: number): Promise<boolean> {
    return (await this.read()).some((pin) => pin.kmsKeyArn === kmsKeyArn && pin.enclave === enclave);
  }

  /** Compares with what was seen before, and remembers what is newer. */
  async check(enclave: VerifiedEnclave): Promise<void> {
    const isNews = (pins: readonly EnclavePin[]): boolean => news(pins.find((pin) => isOf(pin, enclave)), enclave);
    if (isNews(await this.read())) {
      await this.#profile.update(entry, checkPins, (pins = []) => (isNews(pins) ? withPin(pins, enclave) : pins));
    }
  }

  /** The caller knows why it changed. */
  async accept(enclave: VerifiedEnclave): Promise<void> {
    await this.#profile.update(entry, checkPins, (pins = []) => withPin(pins, enclave));
  }
}

function news(pin: EnclavePin | undefined, enclave: VerifiedEnclave): boolean {
  if (pin === undefined) {
    return true;
  }
  if (enclave.newest.epoch < pin.epoch) {
    throw changed(pin, enclave, `its newest key epoch is ${enclave.newest.epoch}, and epoch ${pin.epoch} was seen before`);
  }
  const same = enclave.epochs.find((epoch) => epoch.epoch === pin.epoch);
  if (same !== undefined && same.key !== pin.key) {
    throw changed(pin, enclave, `its key of epoch ${pin.epoch} is ${same.key}, and ${pin.key} was seen before`);
  }
  return enclave.newest.epoch > pin.epoch;
}

const isOf = (pin: EnclavePin, enclave: VerifiedEnclave): boolean => pin.kmsKeyArn === enclave.kmsKeyArn && pin.enclave === enclave.number;

const withPin = (pins: readonly EnclavePin[], enclave: VerifiedEnclave): readonly EnclavePin[] => [
  ...pins.filter((pin) => !isOf(pin, enclave)),
  { kmsKeyArn: enclave.kmsKeyArn, enclave: enclave.number, epoch: enclave.newest.epoch, key: enclave.newest.key },
];

const changed = (pin: EnclavePin, enclave: VerifiedEnclave, how: string): KeyMeldError => new KeyMeldError(
  'enclave_changed',
  `Enclave ${pin.enclave} under ${pin.kmsKeyArn} changed: ${how}. Its newest key now is ${enclave.newest.key}, epoch ${enclave.newest.epoch}.`,
);
