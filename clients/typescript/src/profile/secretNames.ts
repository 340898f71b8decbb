import type { Hash32, PublicKey, XOnlyKey } from '../bytes/ids.js';

/** Names of the secrets in a profile. */
export const secretNames = {
  ownAdmissions: 'admission/',
  ownAdmission: (key: XOnlyKey): string => `admission/${key}`,
  session: (group: Hash32): string => `${group}/session`,
  creator: (group: Hash32): string => `${group}/creator`,
  admission: (group: Hash32): string => `${group}/admission`,
  authorisation: (group: Hash32, key: XOnlyKey): string => `${group}/authorisation/${key}`,
  members: (group: Hash32): string => `${group}/member/`,
  member: (group: Hash32, key: PublicKey): string => `${group}/member/${key}`,
  invited: (group: Hash32, place: number): string => `${group}/invited/${place}`,
  keyAuthorisation: (key: Hash32): string => `key/${key}/authorisation`,
  keyResponse: (key: Hash32): string => `key/${key}/response`,
} as const;

/** Whether it lets somebody in: not needed once the group is formed. */
export const isAdmission = (name: string): boolean => name.includes('/admission') || name.includes('/invited/');

/** Whether it signs statements, and so must never sign messages. */
export const isStatementKey = (name: string): boolean => isAdmission(name) || name.startsWith(secretNames.ownAdmissions) || name.includes('/authorisation') || name.endsWith('/creator');
