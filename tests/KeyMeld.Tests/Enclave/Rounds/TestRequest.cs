using Google.Protobuf;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using SignedStatement = KeyMeld.Protocol.Statements.SignedStatement;

namespace KeyMeld.Tests.Enclave.Rounds;

/// <summary>A signing request as its requester made it.</summary>
internal sealed class TestRequest
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    public TestRequest(
        TestGroup group, IReadOnlyList<SigningItem> items, int? by = 0, long created = TestGroup.Created, TimeSpan? lifetime = null,
        Func<SigningRequest, SigningRequest>? change = null,
        Func<IReadOnlyList<SigningItem>, IReadOnlyList<SigningItem>>? reseal = null,
        Id16? signing = null)
    {
        Group = group;
        Items = items;
        var id = signing ?? Id16.Random();
        SealedItems = KeyMeld.Protocol.Signing.SealedItems.Seal(group.Cipher, group.RosterHash, id, reseal?.Invoke(items) ?? items);
        var request = new SigningRequest
        {
            Roster = group.RosterHash,
            Signing = id,
            By = by,
            Created = created,
            Expires = created + (long)(lifetime ?? Lifetime).TotalMilliseconds,
            Items = items.Count,
            Signers = [.. items.SelectMany(item => group.Roster.SignersOf(item.Subset)).Distinct().Order()],
            Sealed = Hash32.Sha256(SealedItems),
        };
        Signed = StatementSigner.Sign(change?.Invoke(request) ?? request, by is { } index ? group.Members[index].Auth : group.Creator);
    }

    public TestGroup Group { get; }

    public IReadOnlyList<SigningItem> Items { get; }

    public byte[] SealedItems { get; }

    public Signed<SigningRequest> Signed { get; }

    public Hash32 Digest => Signed.Digest;

    /// <summary>As a client verifies it.</summary>
    public VerifiedRequest Verified => field ??= RequestVerifier.Verify(Group.Roster, Signed.Statement, SealedItems, Group.Secret);

    /// <summary>Everybody's approval but the requester's, who needs none.</summary>
    public IEnumerable<SignedStatement> Approvals => Group.Members.Index()
        .Where(member => member.Index != Signed.Value.By)
        .Select(member => member.Item.Decide(Digest, Signed.Value.Created));

    /// <summary>Plain items of the whole group.</summary>
    public static SigningItem[] Messages(int count) => [.. Enumerable.Range(0, count).Select(_ => Item())];

    public static SigningItem Item(Id16? subset = null, TweakChain? tweaks = null) =>
        new() { Item = Id16.Random(), Message = new Hash32(SecretBytes.Random(32).Span), Subset = subset, Tweaks = tweaks };

    public ByteString ItemsOnWire => ByteString.CopyFrom(SealedItems);
}
