using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>The secrets of one group, each fetched when it is needed and disposed by the caller.</summary>
internal static class GroupSecrets
{
    public static SessionSecret GetSession(this Profile profile, Hash32 group)
    {
        using var secret = profile.FindSecret(SecretNames.Session(group)) ?? throw Missing(group, "session secret");
        return SessionSecret.Import(secret.Span);
    }

    public static SecretKey GetCreator(this Profile profile, GroupRecord record) =>
        profile.FindKey(SecretNames.Creator(record.Group)) ?? throw Missing(record.Group, "creator key");

    /// <summary>The key that belongs to the own registration.</summary>
    public static SecretKey GetAuthorisation(this Profile profile, GroupRecord record)
    {
        var registration = record.Registration ?? throw new KeyMeldException(ErrorCodes.NotFound, $"This profile has no place in the group {record.Group}.");
        var key = Registration.Parse(registration.ToStatement().Statement.Span).Auth;
        return profile.FindKey(SecretNames.Authorisation(record.Group, key)) ?? throw Missing(record.Group, "authorisation key");
    }

    /// <summary>The member key of the own place, where it is kept here.</summary>
    public static SecretKey GetMember(this Profile profile, Hash32 group, PublicKey key) =>
        profile.FindKey(SecretNames.Member(group, key)) ?? throw Missing(group, $"member key {key}");

    /// <summary>A key that may read the group: the authorisation key where it is registered for sure, else the admission key, else the creator's.</summary>
    public static SecretKey GetReader(this Profile profile, GroupRecord record)
    {
        if (record is { Formed: not null, Registration: not null })
        {
            return profile.GetAuthorisation(record);
        }
        return profile.FindKey(SecretNames.Admission(record.Group)) ?? profile.GetCreator(record);
    }

    private static KeyMeldException Missing(Hash32 group, string what) => new(ErrorCodes.ProfileInvalid, $"The profile lacks the {what} of the group {group}.");
}
