// protocol.md section 5: roster hash, receipts, the group record.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Client;

/// <summary>Verifies a formed group whole, and keeps what was verified: from then on another roster is refused.</summary>
internal static class GroupFormation
{
    /// <summary>Verifies what the gateway shows of a formed group, and records or compares it.</summary>
    /// <exception cref="KeyMeldException"><c>slot_taken</c>, <c>roster_mismatch</c>, <c>receipt_invalid</c>, or what is wrong with a registration.</exception>
    public static Group Accept(Profile profile, GroupRecord record, KeygenJson answer)
    {
        var manifest = Signed.ParseManifest(record.Manifest.ToStatement());
        if (!answer.Manifest.ToStatement().Statement.Span.SequenceEqual(manifest.Bytes.Span))
        {
            throw new KeyMeldException(ErrorCodes.ManifestInvalid, "The gateway shows another manifest than the one that was joined.");
        }
        if (answer.Registrations.Count != manifest.Value.Participants.Count || answer.Registrations.Any(registration => registration is null))
        {
            throw GatewayAnswer.Invalid("the group is called formed, and registrations are missing");
        }
        IReadOnlyList<SignedJson> registrations = [.. answer.Registrations.OfType<SignedJson>()];
        RequireOwnRegistration(record, registrations);
        var roster = Verify(profile, record, manifest, registrations, answer.Receipts);
        var formed = new FormedRecord(roster.RosterHash, roster.OutputKeys, registrations, answer.Receipts);
        var stored = profile.GroupRecords.Update(record.Group, current => Keep(current!, formed));
        ForgetAdmissions(profile, record, manifest.Value);
        return new Group(stored, roster);
    }

    /// <summary>The group of a record, recomputed from its statements.</summary>
    /// <exception cref="KeyMeldException"><c>group_not_formed</c>; <c>profile_invalid</c>: the record contradicts itself.</exception>
    public static Group Load(Profile profile, GroupRecord record)
    {
        var formed = record.Formed ?? throw new KeyMeldException(ErrorCodes.GroupNotFormed, $"The group {record.Group} is not known to be formed; wait for it.");
        try
        {
            var manifest = Signed.ParseManifest(record.Manifest.ToStatement());
            var roster = Verify(profile, record, manifest, formed.Registrations, formed.Receipts);
            if (manifest.Digest == record.Group && Same(formed, roster.RosterHash, roster.OutputKeys))
            {
                RequireOwnRegistration(record, formed.Registrations);
                return new Group(record, roster);
            }
        }
        catch (KeyMeldException error) when (error.Code is not (ErrorCodes.ProfileInvalid or ErrorCodes.PassphraseWrong))
        {
            throw new KeyMeldException(ErrorCodes.ProfileInvalid, $"The profile's record of the group {record.Group} does not verify: {error.Message}", error);
        }
        throw new KeyMeldException(ErrorCodes.ProfileInvalid, $"The profile's record of the group {record.Group} contradicts itself.");
    }

    private static void ForgetAdmissions(Profile profile, GroupRecord record, Manifest manifest)
    {
        profile.RemoveSecrets(name => name.StartsWith($"{record.Group}/", StringComparison.Ordinal) && SecretNames.IsAdmission(name));
        if (record.Place is { } place)
        {
            profile.RemoveSecrets(name => name == SecretNames.OwnAdmission(manifest.Participants[place].Admission));
        }
    }

    /// <summary>The place that this profile registered in, null when it only created the group.</summary>
    public static int? PlaceOf(GroupRecord record) => record.Registration is null ? null : record.Place;

    private static Roster Verify(Profile profile, GroupRecord record, Signed<Manifest> manifest, IReadOnlyList<SignedJson> registrations, IReadOnlyList<ReceiptJson> receipts)
    {
        using var session = profile.GetSession(record.Group);
        var roster = Roster.Verify(manifest, record.Terms, session, [.. registrations.Select(registration => registration.ToStatement())]);
        Receipt.VerifyAll(roster, [.. receipts.Select(receipt => new Receipt(receipt.Enclave, receipt.Signature))]);
        return roster;
    }

    private static GroupRecord Keep(GroupRecord record, FormedRecord formed)
    {
        if (record.Formed is null)
        {
            return record with { Formed = formed, SessionSecrets = null, Envelope = null };
        }
        return Same(record.Formed, formed.Roster, formed.OutputKeys)
            ? record
            : throw new KeyMeldException(ErrorCodes.RosterMismatch, $"SECURITY: the gateway now shows the roster {formed.Roster}; this profile verified {record.Formed.Roster} before.");
    }

    private static bool Same(FormedRecord record, Hash32 roster, IReadOnlyList<Secp256k1.XOnlyPublicKey> outputKeys) =>
        record.Roster == roster && record.OutputKeys.SequenceEqual(outputKeys);

    private static void RequireOwnRegistration(GroupRecord record, IReadOnlyList<SignedJson> registrations)
    {
        if (record is { Registration: { } mine, Place: { } place } && (place >= registrations.Count || !registrations[place].Statement.AsSpan().SequenceEqual(mine.Statement)))
        {
            throw SlotAlarm.Raise();
        }
    }
}
