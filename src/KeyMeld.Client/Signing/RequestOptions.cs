namespace KeyMeld.Client;

/// <summary>How a signing is requested.</summary>
public sealed record RequestOptions
{
    /// <summary>How long the request lives, more than zero and at most 24 hours; 10 minutes by default.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Request as the group's creator instead of as a member; the manifest must allow it.</summary>
    public bool AsCreator { get; init; }

    /// <summary>Allows <c>plain</c> and <c>xonly</c> tweaks in items.</summary>
    public bool AllowRawTweaks { get; init; }

    /// <summary>
    /// Whether the profile keeps a record of the request before it is posted and of how it ended, to list it and to post it again after a crash; true by default. Without, nothing of it is written to
    /// disk, for programs that sign much: what a killed process had asked for is asked for anew.
    /// </summary>
    public bool Recorded { get; init; } = true;
}

/// <summary>What an approver accepts besides what it was shown.</summary>
public sealed record ApproveOptions
{
    /// <summary>Approves items whose own tweaks are <c>plain</c> or <c>xonly</c>.</summary>
    public bool AcceptRawTweaks { get; init; }
}
