// protocol.md sections 5 and 10: manifest.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Statements;

/// <summary>What a group's creator signs: who may join, which enclave hosts whom, subsets, approval rule, and a commitment to session secret and terms.</summary>
public sealed record Manifest : IStatement<Manifest>
{
    /// <inheritdoc/>
    public static string Type => StatementType.Manifest;

    /// <summary>When it was made, Unix milliseconds.</summary>
    public required long Created { get; init; }

    /// <summary>Until when members may join, Unix milliseconds.</summary>
    public long? JoinBy { get; init; }

    /// <summary>Until when the group signs, Unix milliseconds.</summary>
    public long? SignUntil { get; init; }

    /// <summary>The key that signs this manifest.</summary>
    public required XOnlyPublicKey Creator { get; init; }

    /// <summary>Whether the creator may request signatures.</summary>
    public bool CreatorRequests { get; init; }

    /// <summary>Whether enclaves sign without any approval (threshold 0).</summary>
    public bool Unattended { get; init; }

    /// <summary>1 to 16 enclaves, with distinct keys.</summary>
    public required IReadOnlyList<EnclaveKeys> Enclaves { get; init; }

    /// <summary>1 to 100 places.</summary>
    public required IReadOnlyList<Participant> Participants { get; init; }

    /// <summary>Up to 200 subsets that sign as keys of their own.</summary>
    public required IReadOnlyList<Subset> Subsets { get; init; }

    /// <summary>Whose approval a request needs.</summary>
    public required ApprovalPolicy Approvals { get; init; }

    /// <summary>TH("KeyMeld/v1/terms", session secret ‖ terms bytes).</summary>
    public required Hash32 Terms { get; init; }

    /// <inheritdoc/>
    public static Manifest Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new StrictCborReader(bytes, Type, Limits.StatementBytes);
        var map = reader.ReadVersionedMap();
        reader.Key(ref map, "terms"u8);
        var terms = reader.ReadHash();
        reader.Key(ref map, "created"u8);
        var created = reader.ReadTime();
        reader.Key(ref map, "creator"u8);
        var creator = reader.ReadXOnly();
        var joinBy = reader.ReadOptionalTime(ref map, "join_by"u8);
        reader.Key(ref map, "subsets"u8);
        var subsets = Subset.ReadAll(ref reader);
        reader.Key(ref map, "enclaves"u8);
        var enclaves = EnclaveKeys.ReadAll(ref reader);
        reader.Key(ref map, "approvals"u8);
        var approvals = ApprovalPolicy.Read(ref reader);
        var signUntil = reader.ReadOptionalTime(ref map, "sign_until"u8);
        var unattended = reader.ReadOptionalTrue(ref map, "unattended"u8);
        reader.Key(ref map, "participants"u8);
        var participants = Participant.ReadAll(ref reader);
        var creatorRequests = reader.ReadOptionalTrue(ref map, "creator_requests"u8);
        reader.EndMap(map);
        reader.End();
        var manifest = new Manifest
        {
            Created = created,
            JoinBy = joinBy,
            SignUntil = signUntil,
            Creator = creator,
            CreatorRequests = creatorRequests,
            Unattended = unattended,
            Enclaves = enclaves,
            Participants = participants,
            Subsets = subsets,
            Approvals = approvals,
            Terms = terms,
        };
        manifest.Check();
        return manifest;
    }

    /// <inheritdoc/>
    public byte[] Encode()
    {
        Check();
        var optional = (JoinBy is null ? 0 : 1) + (SignUntil is null ? 0 : 1) + (Unattended ? 1 : 0) + (CreatorRequests ? 1 : 0);
        var encoder = new CborEncoder(1024).Map(8 + optional).Key("v"u8).Number(1);
        encoder.Key("terms"u8).Hash(Terms).Key("created"u8).Number(Created).Key("creator"u8).Bytes(Creator.Bytes).OptionalTime("join_by"u8, JoinBy);
        Subset.WriteAll(encoder.Key("subsets"u8), Subsets);
        EnclaveKeys.WriteAll(encoder.Key("enclaves"u8), Enclaves);
        Approvals.Write(encoder.Key("approvals"u8));
        encoder.OptionalTime("sign_until"u8, SignUntil).OptionalTrue("unattended"u8, Unattended);
        Participant.WriteAll(encoder.Key("participants"u8), Participants);
        encoder.OptionalTrue("creator_requests"u8, CreatorRequests);
        return Rules.Finish(encoder);
    }

    private void Check()
    {
        Rules.Time(Created, "created");
        Rules.Time(JoinBy ?? 0, "join_by");
        Rules.Time(SignUntil ?? 0, "sign_until");
        Rules.Require(Enclaves.Count > 0, "A manifest needs an enclave.");
        Rules.Limit(Enclaves.Count, Limits.Enclaves, "enclaves");
        Rules.Require(Participants.Count > 0, "A manifest needs a participant.");
        Rules.Limit(Participants.Count, Limits.Participants, "participants");
        Rules.Limit(Subsets.Count, Limits.Subsets, "subsets");
        foreach (var enclave in Enclaves)
        {
            enclave.Check();
        }
        Rules.Distinct(Enclaves.Select(enclave => enclave.Key), "Two enclaves have one key.");
        Rules.Distinct(Enclaves.Select(enclave => enclave.Sign), "Two enclaves have one statement key.");
        Rules.Distinct(Participants.Select(participant => participant.User), "A user has two places.");
        Rules.Distinct(Participants.Select(participant => participant.Admission).Append(Creator), "An admission key is used twice, or is the creator's.");
        Rules.Require(Participants.All(participant => participant.Enclave is not { } enclave || (enclave >= 0 && enclave < Enclaves.Count)), "A participant names an enclave out of range.");
        Rules.Distinct(Subsets.Select(subset => subset.Id), "Two subsets have one id.");
        foreach (var subset in Subsets)
        {
            Rules.Require(subset.Members.Count >= 2, "A subset has fewer than two members.");
            Rules.Ascending(subset.Members, Participants.Count, "members of a subset");
        }
        Rules.Ascending(Approvals.Members, Participants.Count, "approvals' members");
        Rules.Number(Approvals.Threshold, "threshold");
        Rules.Require(Approvals.Threshold <= Approvals.Members.Count, "The threshold is above the number of approvers.");
        Rules.Require(Approvals.Threshold == 0 == Unattended, "The threshold is 0 exactly when the manifest says unattended.");
    }
}
