import type { AttestationPolicy } from '../attestation/policy.js';
import { KeyMeldError } from '../errors/keyMeldError.js';

/** The address of a gateway: scheme, host and port only. http:// and development roots are for gateways on this machine. */
export function gatewayAddress(text: string, policy: AttestationPolicy): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw insecure('A gateway is named by an absolute https:// address.');
  }
  if (!isWellFormed(url)) {
    throw new KeyMeldError('bad_request', `'${url.origin}' must be given as scheme, host and port only.`);
  }
  if (url.protocol === 'http:' && !isLoopback(url)) {
    throw insecure(`'${url.origin}' is plain http and not on this machine.`);
  }
  if (policy.kind !== 'production' && !isLoopback(url)) {
    throw insecure(`'${url.origin}' is not on this machine, and a development root proves nothing about it.`);
  }
  return url;
}

export const isWellFormed = (url: URL): boolean =>
  (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === '' && url.pathname === '/' && url.search === '' && url.hash === '';

/** Whether two addresses are one gateway. */
export const sameGateway = (a: string, b: string): boolean => URL.canParse(a) && URL.canParse(b) && new URL(a).origin === new URL(b).origin;

// The platform has brought every spelling of an address to one form: 127.0.0.1 to 127.255.255.255, ::1, and the name.
const isLoopback = (url: URL): boolean => url.hostname === 'localhost' || url.hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(url.hostname);

const insecure = (message: string): KeyMeldError => new KeyMeldError('gateway_insecure', message);
