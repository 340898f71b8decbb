// protocol.md section 5: roster hash, receipts, the group record.
import { wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import type { Keygen, Receipt, Signed as SignedJson } from '../generated/api.js';
import { verifyReceipts } from '../groups/receipt.js';
import { Roster } from '../groups/roster.js';
import { blobOf, invalidAnswer, toStatement } from '../http/answers.js';
import { at } from '../bytes/bytes.js';
import type { GroupRecords } from '../profile/groupRecords.js';
import type { FormedRecord, GroupRecord } from '../profile/records.js';
import { isAdmission, secretNames } from '../profile/secretNames.js';
import { Group } from './group.js';
import { verifyManifest } from './groupOffer.js';
import { slotAlarm } from './keygenFetch.js';

/** Verifies a group that the gateway calls formed, and keeps what was verified: another roster is refused for ever. */
export async function acceptGroup(records: GroupRecords, record: GroupRecord, answer: Keygen): Promise<Group> {
  if (answer.manifest.statement !== record.manifest.statement) {
    throw new KeyMeldError('manifest_invalid', 'The gateway shows another manifest than the one that was joined.');
  }
  const registrations = answer.registrations.filter((registration) => registration !== null);
  if (registrations.length !== answer.registrations.length) {
    throw invalidAnswer('the group is called formed, and registrations are missing');
  }
  requireOwn(record, registrations);
  const roster = await verifyRoster(records, record, registrations, answer.receipts);
  const formed = { roster: roster.rosterHash, outputKeys: roster.outputKeys, registrations, receipts: answer.receipts };
  const stored = await records.update(record.group, (current) => keep(current ?? record, formed));
  await forgetAdmissions(records, stored);
  return new Group(stored, roster);
}

/** A group from the profile's own record, verified again. */
export async function loadGroup(records: GroupRecords, record: GroupRecord): Promise<Group> {
  const { formed } = record;
  if (formed === undefined) {
    throw new KeyMeldError('group_not_formed', `The group ${record.group} is not known to be formed; wait for it.`);
  }
  try {
    const roster = await verifyRoster(records, record, formed.registrations, formed.receipts);
    if (roster.manifestHash === record.group && isSame(formed, roster)) {
      requireOwn(record, formed.registrations);
      return new Group(record, roster);
    }
  } catch (error) {
    throw error instanceof KeyMeldError && error.code !== 'profile_invalid'
      ? new KeyMeldError('profile_invalid', `The profile's record of the group ${record.group} does not verify: ${error.message}`, { cause: error })
      : error;
  }
  throw new KeyMeldError('profile_invalid', `The profile's record of the group ${record.group} contradicts itself.`);
}

async function verifyRoster(records: GroupRecords, record: GroupRecord, registrations: readonly SignedJson[], receipts: readonly Receipt[]): Promise<Roster> {
  return wiping(await records.session(record.group), (session) => {
    const roster = Roster.verify(verifyManifest(toStatement(record.manifest)), blobOf(record.terms), session, registrations.map(toStatement));
    verifyReceipts(roster, receipts);
    return roster;
  });
}

function keep(record: GroupRecord, formed: FormedRecord): GroupRecord {
  if (record.formed === undefined) {
    const { sessionSecrets: _, envelope: __, ...rest } = record;
    return { ...rest, formed };
  }
  if (record.formed.roster !== formed.roster || record.formed.outputKeys.join() !== formed.outputKeys.join()) {
    throw new KeyMeldError('roster_mismatch', `SECURITY: the gateway now shows the roster ${formed.roster}; this profile verified ${record.formed.roster} before.`);
  }
  return record;
}

const isSame = (formed: FormedRecord, roster: Roster): boolean => formed.roster === roster.rosterHash && formed.outputKeys.join() === roster.outputKeys.join();

function requireOwn(record: GroupRecord, registrations: readonly SignedJson[]): void {
  if (record.registration !== undefined && record.place !== undefined && registrations[record.place]?.statement !== record.registration.statement) {
    throw slotAlarm();
  }
}

async function forgetAdmissions(records: GroupRecords, record: GroupRecord): Promise<void> {
  await records.profile.removeSecrets((name) => name.startsWith(`${record.group}/`) && isAdmission(name));
  if (record.place !== undefined) {
    const { admission } = at(verifyManifest(toStatement(record.manifest)).value.participants, record.place);
    await records.profile.removeSecrets((name) => name === secretNames.ownAdmission(admission));
  }
}
