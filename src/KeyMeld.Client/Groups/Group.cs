using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>
/// A formed group as this client verified it (protocol.md section 5): it recomputed the roster hash and every key from the signed registrations and checked
/// the receipts of all enclaves. Holds no secret.
/// </summary>
public sealed class Group
{
    internal Group(GroupRecord record, Roster roster)
    {
        Roster = roster;
        Gateway = new Uri(record.Gateway);
        Label = roster.Terms.Label is { } label ? UntrustedText.Show(label) : null;
        MyIndex = GroupFormation.PlaceOf(record);
        IsCreator = record.IsCreator;
        Members = [.. roster.Members.Select(member => new GroupMember(member.Index, member.User, member.Auth, member.Key, member.Approval, member.Enclave, member.Source))];
        Subsets = [.. Manifest.Subsets.Select((subset, index) => new GroupSubset(subset.Id, subset.Members, roster.ChainOf(subset.Id, null), roster.OutputKeys[1 + index]))];
        Enclaves = [.. Manifest.Enclaves.Select(GroupEnclave.Of)];
    }

    /// <summary>Manifest hash: the group's name.</summary>
    public Hash32 Id => Roster.ManifestHash;

    /// <summary>The gateway it lives on.</summary>
    public Uri Gateway { get; }

    /// <summary>The label its creator gave it.</summary>
    public string? Label { get; }

    /// <summary>The roster hash ρ: who is in the group, with which keys. Members compare it out of band.</summary>
    public Hash32 RosterHash => Roster.RosterHash;

    /// <summary>First 20 bytes of the roster hash, 40 hex digits: show it whole.</summary>
    public string Fingerprint => Roster.Fingerprint;

    /// <summary>The group's x-only output key, after its tweaks.</summary>
    public XOnlyPublicKey OutputKey => Roster.OutputKeys[0];

    /// <summary>The members, in the group's order.</summary>
    public IReadOnlyList<GroupMember> Members { get; }

    /// <summary>The parts that can sign on their own.</summary>
    public IReadOnlyList<GroupSubset> Subsets { get; }

    /// <summary>The group's own tweaks.</summary>
    public TweakChain Tweaks => Roster.Terms.Tweaks;

    /// <summary>Members whose approvals count.</summary>
    public IReadOnlyList<int> Approvers => Manifest.Approvals.Members;

    /// <summary>How many approvals a request needs; 0 when unattended.</summary>
    public int Threshold => Manifest.Approvals.Threshold;

    /// <summary>Whether it signs without counted approvals.</summary>
    public bool Unattended => Threshold == 0;

    /// <summary>Whether the creator may request signatures.</summary>
    public bool CreatorRequests => Manifest.CreatorRequests;

    /// <summary>After this it never signs again.</summary>
    public DateTimeOffset? SignUntil => UnixTime.ToDate(Manifest.SignUntil);

    /// <summary>The enclaves that host it, as the manifest names them.</summary>
    public IReadOnlyList<GroupEnclave> Enclaves { get; }

    /// <summary>This profile's own place, null when it only created the group.</summary>
    public int? MyIndex { get; }

    /// <summary>Whether this profile created the group.</summary>
    public bool IsCreator { get; }

    internal Roster Roster { get; }

    internal Manifest Manifest => Roster.Manifest.Value;

    /// <summary>The taproot address of the group's or a subset's output key (BIP-341, bech32m of BIP-350).</summary>
    /// <param name="network">The network.</param>
    /// <param name="subset">A subset's id; the group when null.</param>
    /// <exception cref="ArgumentException">The group has no such subset.</exception>
    public string Address(BitcoinNetwork network, Id16? subset = null) => TaprootAddress.Encode(OutputKeyOf(subset), network);

    /// <summary>The output key of the group (null) or of a subset.</summary>
    /// <exception cref="ArgumentException">The group has no such subset.</exception>
    public XOnlyPublicKey OutputKeyOf(Id16? subset) => subset is { } id
        ? (Subsets.FirstOrDefault(candidate => candidate.Id == id) ?? throw new ArgumentException($"The group has no subset {id}.", nameof(subset))).OutputKey
        : OutputKey;

    /// <summary>How a key of the group comes about: its tweaks, internal key, scripts. Computed anew at each call.</summary>
    /// <param name="subset">A subset's id; the group when null.</param>
    /// <param name="tweaks">An item's own tweaks; those of the terms when null.</param>
    /// <exception cref="KeyMeldException"><c>items_invalid</c>: the group has no such subset, or the tweaks lead to no key.</exception>
    public OutputDetails OutputOf(Id16? subset = null, TweakChain? tweaks = null) => OutputDetails.Of(Roster, subset, tweaks);

    /// <summary>Compares the full roster hash with one that another member read out: both see the same group only if it is equal.</summary>
    public bool MatchesRoster(Hash32 other) => RosterHash == other;
}

/// <summary>One member of a verified group.</summary>
/// <param name="Index">Its place.</param>
/// <param name="User">Its id within this group.</param>
/// <param name="AuthorisationKey">The key it signs requests and approvals with.</param>
/// <param name="MemberKey">Its share of the aggregate key, 33 bytes.</param>
/// <param name="Approval">Whether its approval is needed for everything it signs.</param>
/// <param name="Enclave">Index of the hosting enclave in <see cref="Group.Enclaves"/>; null when it signs at home.</param>
/// <param name="Source">Whether the key was imported, made by the enclave, or is kept at home, as its owner's registration says.</param>
public sealed record GroupMember(int Index, Id16 User, XOnlyPublicKey AuthorisationKey, PublicKey MemberKey, bool Approval, int? Enclave, KeySource Source);

/// <summary>A part of a verified group.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Members">Its members' places.</param>
/// <param name="Tweaks">Its tweaks.</param>
/// <param name="OutputKey">Its x-only output key, after the tweaks.</param>
public sealed record GroupSubset(Id16 Id, IReadOnlyList<int> Members, TweakChain Tweaks, XOnlyPublicKey OutputKey);

/// <summary>An enclave as a group's manifest names it.</summary>
/// <param name="Number">Its number at the gateway.</param>
/// <param name="Epoch">The key epoch the group uses.</param>
/// <param name="Key">Its identity key in that epoch.</param>
/// <param name="Sign">Its statement key in that epoch.</param>
public sealed record GroupEnclave(int Number, int Epoch, PublicKey Key, XOnlyPublicKey Sign)
{
    internal static GroupEnclave Of(EnclaveKeys keys) => new(keys.Id, keys.Epoch, keys.Key, keys.Sign);
}
