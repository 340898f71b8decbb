using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>profile.json: that there is a profile, and of which format.</summary>
internal sealed record ProfileRecord : IVersioned
{
    public int Version { get; init; } = ProfileLayout.Version;
}

/// <summary>pins.json.</summary>
internal sealed record PinsRecord : IVersioned
{
    public required int Version { get; init; }

    public required IReadOnlyList<PinRecord> Pins { get; init; }
}

/// <summary>One pin (protocol.md section 3).</summary>
internal sealed record PinRecord(string KmsKeyArn, int Enclave, int Epoch, PublicKey Key);

/// <summary>groups/&lt;manifest hash&gt;.json: everything public that this profile needs of a group. What it says of roster and keys is recomputed at each load.</summary>
internal sealed record GroupRecord : IVersioned
{
    public required int Version { get; init; }

    public required string Gateway { get; init; }

    public required Hash32 Group { get; init; }

    public string? Label { get; init; }

    public required bool IsCreator { get; init; }

    public required SignedJson Manifest { get; init; }

    /// <summary>Encrypted.</summary>
    public required byte[] Terms { get; init; }

    /// <summary>The creator's blobs, so that a lost answer is followed by the same bytes.</summary>
    public IReadOnlyList<byte[]>? SessionSecrets { get; init; }

    /// <summary>What the creator calls the participants.</summary>
    public IReadOnlyList<string?>? Names { get; init; }

    /// <summary>The own place.</summary>
    public int? Place { get; init; }

    /// <summary>The own registration, stored before it is posted.</summary>
    public SignedJson? Registration { get; init; }

    /// <summary>The sealed member key that goes with it.</summary>
    public byte[]? Envelope { get; init; }

    /// <summary>Set once, when the group was verified as formed.</summary>
    public FormedRecord? Formed { get; init; }
}

/// <summary>{ρ, output keys} (protocol.md section 5) and what they follow from.</summary>
internal sealed record FormedRecord(Hash32 Roster, IReadOnlyList<XOnlyPublicKey> OutputKeys, IReadOnlyList<SignedJson> Registrations, IReadOnlyList<ReceiptJson> Receipts);

/// <summary>keys/&lt;key hash&gt;.json: a single-signer key of this profile, stored before it is posted.</summary>
internal sealed record OwnedKeyRecord : IVersioned
{
    public required int Version { get; init; }

    public required string Gateway { get; init; }

    /// <summary>SHA-256 of the key statement.</summary>
    public required Hash32 Key { get; init; }

    public string? Label { get; init; }

    public required SignedJson Statement { get; init; }

    /// <summary>The blob posted beside it, until the enclave has answered: posted with the same bytes each time.</summary>
    public byte[]? Unconfirmed { get; init; }

    /// <summary>Of an imported key known from the start, of a made one once the enclave has answered.</summary>
    public PublicKey? PublicKey { get; init; }

    /// <summary>Whether it was erased; then its authorisation key is gone as well.</summary>
    public bool Erased { get; init; }
}

/// <summary>signings/&lt;D&gt;.json: a signing this profile requested or decided on.</summary>
internal sealed record SigningRecord : IVersioned
{
    public required int Version { get; init; }

    public required string Gateway { get; init; }

    public required Hash32 Group { get; init; }

    public required Hash32 Request { get; init; }

    public required SignedJson Statement { get; init; }

    /// <summary>Whether this profile requested it.</summary>
    public bool Requested { get; init; }

    /// <summary>The encrypted items of an own request, until the gateway has taken it: it is posted with the same bytes each time.</summary>
    public byte[]? Unposted { get; init; }

    /// <summary>What the requester calls the items.</summary>
    public IReadOnlyList<string?> Names { get; init; } = [];

    /// <summary>The own approval, stored before it is posted.</summary>
    public SignedJson? Approval { get; init; }

    /// <summary>The own rejection, stored before it is posted.</summary>
    public SignedJson? Rejection { get; init; }

    /// <summary>The last state seen.</summary>
    public SigningState State { get; init; }
}
