using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>What a creator asks for (protocol.md section 5). The participants' keys come from the participants; only who may join is said here.</summary>
public sealed record GroupPlan
{
    /// <summary>The places, at least one, at most 100. Their order is the group's order; indices elsewhere point into it.</summary>
    public required IReadOnlyList<PlannedParticipant> Participants { get; init; }

    /// <summary>A name that only holders of the session secret can read, at most 256 bytes of UTF-8.</summary>
    public string? Label { get; init; }

    /// <summary>Parts of the group that can sign on their own; each has its own output key.</summary>
    public IReadOnlyList<PlannedSubset> Subsets { get; init; } = [];

    /// <summary>Places whose approvals count; all by default.</summary>
    public IReadOnlyList<int>? Approvers { get; init; }

    /// <summary>How many of the approvers must approve each request; all of them by default.</summary>
    public int? Threshold { get; init; }

    /// <summary>Sign without any counted approval: threshold 0. Members join such a group only by explicit acceptance.</summary>
    public bool Unattended { get; init; }

    /// <summary>Whether the creator may request signatures without having a place.</summary>
    public bool CreatorRequests { get; init; }

    /// <summary>The group's own tweaks, in order; BIP-86 (key path only) by default. Empty for the bare aggregate key.</summary>
    public TweakChain Tweaks { get; init; } = Chains.Bip86;

    /// <summary>Allows <c>plain</c> and <c>xonly</c> tweaks in the chains above: nobody can see what a raw tweak commits to.</summary>
    public bool AllowRawTweaks { get; init; }

    /// <summary>After this nobody joins any more.</summary>
    public DateTimeOffset? JoinBy { get; init; }

    /// <summary>After this the group never signs again: funds it still holds are then lost to its key path. Leave it out unless that is wanted.</summary>
    public DateTimeOffset? SignUntil { get; init; }

    /// <summary>Numbers of the enclaves to host the group; all that the gateway shows ready by default (at most 16). Each is verified.</summary>
    public IReadOnlyList<int>? Enclaves { get; init; }
}

/// <summary>One place of a planned group.</summary>
public sealed record PlannedParticipant
{
    private PlannedParticipant(bool isOwn, XOnlyPublicKey? admission, string? name) => (IsOwn, Admission, Name) = (isOwn, admission, name);

    /// <summary>Whether the creator itself takes the place.</summary>
    public bool IsOwn { get; }

    /// <summary>The participant's own admission key; null when one is drawn.</summary>
    public XOnlyPublicKey? Admission { get; }

    /// <summary>What this profile calls the participant; it goes nowhere else.</summary>
    public string? Name { get; }

    /// <summary>Number of the enclave that hosts the place; round-robin over the group's enclaves when null.</summary>
    public int? Enclave { get; init; }

    /// <summary>Whether the participant keeps its key and signs from its own machine, with <see cref="CoSigner"/>; no enclave then ever has the key.</summary>
    public bool AtHome { get; init; }

    /// <summary>The creator's own place. At most one.</summary>
    public static PlannedParticipant Own(string? name = null) => new(true, null, name);

    /// <summary>A place for whoever holds the invitation: its admission key is drawn here, so whoever sees the invitation can take the place.</summary>
    public static PlannedParticipant Invited(string? name = null) => new(false, null, name);

    /// <summary>A place for the owner of an admission key, made with <see cref="Profile.CreateAdmissionKey"/>: nobody else can take it.</summary>
    public static PlannedParticipant Known(XOnlyPublicKey admission, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(admission);
        return new PlannedParticipant(false, admission, name);
    }
}

/// <summary>A part of a planned group with an output key of its own.</summary>
/// <param name="Members">Places, at least two, each once.</param>
public sealed record PlannedSubset(IReadOnlyList<int> Members)
{
    /// <summary>The subset's id; drawn when null.</summary>
    public Id16? Id { get; init; }

    /// <summary>The subset's own tweaks, in order; subsets do not inherit the group's. BIP-86 by default.</summary>
    public TweakChain Tweaks { get; init; } = Chains.Bip86;
}
