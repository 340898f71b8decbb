import type { Hash32 } from '../bytes/ids.js';
import type { SecretKey } from '../crypto/secretKey.js';
import { KeyMeldError, knownCode } from '../errors/keyMeldError.js';
import { type Keygen, checkKeygen } from '../generated/api.js';
import { invalidAnswer } from '../http/answers.js';
import { targets } from '../http/targets.js';
import type { GatewayTransport } from '../http/transport.js';
import { limits } from '../limits.js';

// Terms up to 1 MiB, a hundred registrations, a manifest, all in base64.
const answerBytes = 2 * (limits.termsBytes + (limits.participants + 1) * 4096 + limits.statementBytes);

export async function fetchKeygen(transport: GatewayTransport, group: Hash32, reader: SecretKey, wait: number): Promise<Keygen> {
  const answer = await transport.send({ method: 'GET', target: targets.group(group), check: checkKeygen, reader, wait, mostBytes: answerBytes });
  if (answer.group !== group) {
    throw invalidAnswer(`it is about the group ${answer.group}, not ${group}`);
  }
  return answer;
}

/** Refuses a group that can be used no more. */
export function requireAlive(answer: Keygen): void {
  switch (answer.state) {
    case 'failed':
      throw new KeyMeldError(knownCode(answer.error ?? ''), `The gateway says that forming the group failed: ${knownCode(answer.error ?? '')}.`);
    case 'expired':
      throw new KeyMeldError('join_closed', 'The time to join ran out before everybody had joined.');
    case 'erased':
      throw new KeyMeldError('erased', 'The group was erased.');
    case 'joining':
    case 'formed':
      break;
  }
}

/** Somebody else is in this place. */
export const slotAlarm = (cause?: unknown): KeyMeldError => new KeyMeldError(
  'slot_taken',
  'SECURITY: somebody else registered in this place. Your admission key is known to others. Do not use this group; tell its creator.',
  { cause },
);
