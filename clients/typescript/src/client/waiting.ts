import { KeyMeldError } from '../errors/keyMeldError.js';

/** The longest the gateway holds a question back, in seconds. */
export const longestWait = 30;

const failuresInARow = 5;
const pause = 500;

/**
 * Asks until there is an answer.
 * @param timeout Milliseconds; undefined for ever. When it runs out: `still_pending`.
 * @param ask Gets the seconds that the gateway may hold the question back; undefined means not yet.
 */
export async function waitUntil<T>(timeout: number | undefined, signal: AbortSignal | undefined, ask: (wait: number) => Promise<T | undefined>): Promise<T> {
  const start = performance.now();
  const left = (): number => (timeout === undefined ? longestWait : Math.min(longestWait, Math.max(0, Math.ceil((timeout - (performance.now() - start)) / 1000))));
  for (let failures = 0; ;) {
    signal?.throwIfAborted();
    const asked = performance.now();
    const wait = left();
    try {
      const answer = await ask(wait);
      if (answer !== undefined) {
        return answer;
      }
      failures = 0;
    } catch (error) {
      failures++;
      if (!(error instanceof KeyMeldError) || !error.retryable || failures >= failuresInARow || wait === 0) {
        throw error;
      }
    }
    if (left() === 0) {
      throw new KeyMeldError('still_pending', 'It is not finished yet.');
    }
    // A gateway that does not hold the question back is not asked in a tight loop.
    const rest = pause - (performance.now() - asked);
    if (rest > 0) {
      await new Promise((resolve) => setTimeout(resolve, rest));
    }
  }
}

/** Whether the gateway refused for good what was posted, so that it is not kept to be posted again. */
export const isFinalRefusal = (error: unknown): boolean => error instanceof KeyMeldError && !error.retryable && error.status >= 400 && error.status < 500
  && !['slot_taken', 'conflict', 'already_formed', 'gateway_insecure', 'unauthorized'].includes(error.code);
