namespace KeyMeld.Client;

/// <summary>The decision of whoever owns the profile, as it is written down.</summary>
internal static class Owner
{
    /// <summary>Whether this profile requested or approved the signing, and did not reject it.</summary>
    public static bool Decided(SigningRecord? record) => record is { Rejection: null } and ({ Requested: true } or { Approval: not null });
}
