using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>
/// What a participant joins, verified and laid open (protocol.md section 5): the manifest hashes to the invitation's and is signed by its creator, the terms are those it
/// commits to, every enclave proved itself. Show it; passing it to <see cref="GroupOperations.JoinAsync(GroupOffer, MemberKey, JoinOptions?, CancellationToken)"/> accepts it.
/// </summary>
public sealed class GroupOffer : IDisposable
{
    internal GroupOffer(OpenedKeygen keygen, int place, SecretKey admission, bool hasRetiredEpoch)
    {
        (Keygen, Place, Admission, HasRetiredEpoch) = (keygen, place, admission, hasRetiredEpoch);
        var (manifest, terms) = (keygen.Manifest.Value, keygen.Terms);
        Label = terms.Label is { } label ? UntrustedText.Show(label) : null;
        Enclaves = [.. manifest.Enclaves.Select(GroupEnclave.Of)];
        Subsets = [.. manifest.Subsets.Select(subset => new OfferedSubset(subset.Id, subset.Members, terms.Subsets.GetValueOrDefault(subset.Id, TweakChain.Empty)))];
        HasRawTweaks = keygen.Chains.Any(Chains.IsRaw);
    }

    /// <summary>Manifest hash.</summary>
    public Hash32 Group => Keygen.Manifest.Digest;

    /// <summary>The label the creator gave it.</summary>
    public string? Label { get; }

    /// <summary>The creator's key.</summary>
    public XOnlyPublicKey Creator => Manifest.Creator;

    /// <summary>When the manifest says it was made.</summary>
    public DateTimeOffset Created => UnixTime.ToDate(Manifest.Created);

    /// <summary>After this nobody joins.</summary>
    public DateTimeOffset? JoinBy => UnixTime.ToDate(Manifest.JoinBy);

    /// <summary>After this the group never signs again.</summary>
    public DateTimeOffset? SignUntil => UnixTime.ToDate(Manifest.SignUntil);

    /// <summary>Whether the creator may request signatures.</summary>
    public bool CreatorRequests => Manifest.CreatorRequests;

    /// <summary>The place on offer.</summary>
    public int Place { get; }

    /// <summary>Number of places.</summary>
    public int Places => Manifest.Participants.Count;

    /// <summary>The enclave that will host this place's key; null when it signs at home.</summary>
    public GroupEnclave? Host => Manifest.Participants[Place].Enclave is { } enclave ? Enclaves[enclave] : null;

    /// <summary>Whether the place's key stays in this profile and signs from here, with <see cref="CoSigner"/>.</summary>
    public bool AtHome => Host is null;

    /// <summary>Places whose approvals count.</summary>
    public IReadOnlyList<int> Approvers => Manifest.Approvals.Members;

    /// <summary>How many of them must approve; 0 when unattended.</summary>
    public int Threshold => Manifest.Approvals.Threshold;

    /// <summary>Joining needs <see cref="JoinOptions.AcceptUnattended"/>.</summary>
    public bool Unattended => Manifest.Unattended;

    /// <summary>The group's tweaks.</summary>
    public TweakChain Tweaks => Keygen.Terms.Tweaks;

    /// <summary>The planned subsets with their tweaks.</summary>
    public IReadOnlyList<OfferedSubset> Subsets { get; }

    /// <summary>The verified enclaves, in the manifest's order.</summary>
    public IReadOnlyList<GroupEnclave> Enclaves { get; }

    /// <summary>Joining needs <see cref="JoinOptions.AcceptRawTweaks"/>.</summary>
    public bool HasRawTweaks { get; }

    /// <summary>Joining needs <see cref="JoinOptions.AcceptRetiredEpoch"/>.</summary>
    public bool HasRetiredEpoch { get; }

    internal OpenedKeygen Keygen { get; }

    internal Manifest Manifest => Keygen.Manifest.Value;

    internal SecretKey Admission { get; }

    /// <summary>Wipes the secrets.</summary>
    public void Dispose()
    {
        Keygen.Dispose();
        Admission.Dispose();
    }
}

/// <summary>A subset as offered.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Members">Places.</param>
/// <param name="Tweaks">Its tweaks.</param>
public sealed record OfferedSubset(Id16 Id, IReadOnlyList<int> Members, TweakChain Tweaks);
