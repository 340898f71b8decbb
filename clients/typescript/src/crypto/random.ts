/** Fresh bytes from the platform's generator. There is no other source and no fallback. */
export function randomBytes(size: number): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(size));
}
