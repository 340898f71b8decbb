namespace KeyMeld.Client;

/// <summary>What a participant decides when joining. The defaults accept nothing unusual.</summary>
public sealed record JoinOptions
{
    /// <summary>Whether enclaves must see this member's approval for every request it signs in; true unless set.</summary>
    public bool Approval { get; init; } = true;

    /// <summary>Joins a group that signs without counted approvals.</summary>
    public bool AcceptUnattended { get; init; }

    /// <summary>Joins a group whose terms hold <c>plain</c> or <c>xonly</c> tweaks, which cannot be looked through.</summary>
    public bool AcceptRawTweaks { get; init; }

    /// <summary>Joins a group made for an older key epoch of an enclave.</summary>
    public bool AcceptRetiredEpoch { get; init; }
}
