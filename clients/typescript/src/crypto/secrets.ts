/** Something with a secret in it that can be overwritten. What a JavaScript engine copied on its own (big integers of the curve code, moved memory) is out of reach. */
export interface Wipeable {
  /** Overwrites the secret; later use throws. */
  wipe(): void;
}

export const wipeBytes = (bytes: Uint8Array): void => {
  bytes.fill(0);
};

/** Uses a secret and wipes it whatever happens. */
export function wiping<S extends Wipeable | Uint8Array, T>(secret: S, use: (secret: S) => T): T {
  const wipe = (): void => (secret instanceof Uint8Array ? wipeBytes(secret) : secret.wipe());
  let result: T;
  try {
    result = use(secret);
  } catch (error) {
    wipe();
    throw error;
  }
  if (result instanceof Promise) {
    return result.finally(wipe) as T;
  }
  wipe();
  return result;
}
