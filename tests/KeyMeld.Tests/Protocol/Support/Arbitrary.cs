using System.Security.Cryptography;
using CsCheck;
using KeyMeld.Protocol;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Protocol.Support;

/// <summary>Arbitrary valid values of everything the protocol encodes.</summary>
internal static class Arbitrary
{
    public static readonly Gen<Hash32> Hash = Gen.Byte.Array[32].Select(bytes => new Hash32(bytes));
    public static readonly Gen<Id16> Id = Gen.Byte.Array[16].Select(bytes => new Id16(bytes));
    public static readonly Gen<long> Time = Gen.Long[0, Limits.MaxTime - 100_000_000];
    public static readonly Gen<byte[]> Data = Gen.Byte.Array[0, 300];
    public static readonly Gen<SecretKey> Secret = Gen.Int.Select(seed => SecretKey.Import(SHA256.HashData(BitConverter.GetBytes(seed))));
    public static readonly Gen<PublicKey> Public = Secret.Select(key => key.PublicKey);
    public static readonly Gen<XOnlyPublicKey> XOnly = Secret.Select(key => key.XOnlyPublicKey);
    public static readonly Gen<SchnorrSignature> Signature = Gen.Byte.Array[64].Select(bytes => SchnorrSignature.Parse(bytes));
    public static readonly Gen<EnclaveKeys> Enclave = Gen.Select(Public, XOnly, Number(int.MaxValue), Number(int.MaxValue), (key, sign, epoch, id) => new EnclaveKeys(key, sign, epoch, id));

    private static readonly Gen<ScriptTree> Leaf = Gen.Select(Gen.Int[0, 127], Data, (version, script) => (ScriptTree)new ScriptTree.Leaf(2 * version, script));

    private static readonly Gen<ScriptTree> Tree = Gen.Recursive<ScriptTree>((depth, self) =>
        depth > 6 ? Leaf : Gen.Frequency((2, Leaf), (1, Gen.Select(self, self, (left, right) => (ScriptTree)new ScriptTree.Branch(left, right)))));

    public static readonly Gen<TweakChain> Chain = Gen.Select(
        Gen.OneOf(Hash.Select(value => (Tweak)new Tweak.Plain(value)), Hash.Select(value => (Tweak)new Tweak.XOnly(value))).Array[0, 7],
        Gen.OneOf(Gen.Const(() => (Tweak?)null), Gen.Const(() => (Tweak?)new Tweak.Bip86()), Tree.Select(tree => (Tweak?)new Tweak.Taproot(tree))),
        (raw, last) => new TweakChain(last is null ? raw : [.. raw, last]));

    public static readonly Gen<Manifest> Manifest =
        from participants in Gen.Int[2, 12]
        from enclaves in Enclave.Array[1, 4].Where(some => some.DistinctBy(one => one.Key).Count() == some.Length && some.DistinctBy(one => one.Sign).Count() == some.Length)
        from places in Gen.Select(Id, XOnly, Optional(Gen.Int[0, enclaves.Length - 1]), (user, admission, enclave) => new Participant(user, admission, enclave)).Array[participants]
            .Where(some => some.DistinctBy(one => one.Admission).Count() == participants && some.DistinctBy(one => one.User).Count() == participants)
        from creator in XOnly.Where(key => places.All(place => !place.Admission.Equals(key)))
        from subsets in Gen.Select(Id, Indexes(participants, 2), (id, members) => new Subset(id, members)).Array[0, 3]
        from approvers in Indexes(participants, 1)
        from threshold in Gen.Int[0, approvers.Length]
        from times in Gen.Select(Time, Optional(Time), Optional(Time))
        from creatorRequests in Gen.Bool
        from terms in Hash
        select new Manifest
        {
            Created = times.Item1,
            JoinBy = times.Item2,
            SignUntil = times.Item3,
            Creator = creator,
            CreatorRequests = creatorRequests,
            Unattended = threshold == 0,
            Enclaves = enclaves,
            Participants = places,
            Subsets = [.. subsets.DistinctBy(subset => subset.Id)],
            Approvals = new ApprovalPolicy(approvers, threshold),
            Terms = terms,
        };

    public static readonly Gen<Registration> Registration = Gen.Select(Hash, Id, XOnly, Gen.Bool, Gen.Enum<KeySource>(), Gen.Byte.Array[KeyMeld.Protocol.Statements.Registration.MemberKeySize], Hash,
        (manifest, user, auth, approval, source, memberKey, envelope) => new Registration
        {
            Manifest = manifest,
            User = user,
            Auth = auth,
            Approval = approval,
            Source = source,
            MemberKey = memberKey,
            Envelope = source == KeySource.Home ? null : envelope,
        });

    public static readonly Gen<SigningRequest> SigningRequest = Gen.Select(Gen.Select(Hash, Id, Optional(Number(int.MaxValue))), Gen.Select(Time, Gen.Long[1, 86_400_000]), Gen.Int[1, Limits.Items], Indexes(100, 1), Hash,
        (names, times, items, signers, sealedHash) => new SigningRequest
        {
            Roster = names.Item1,
            Signing = names.Item2,
            By = names.Item3,
            Created = times.Item1,
            Expires = times.Item1 + times.Item2,
            Items = items,
            Signers = signers,
            Sealed = sealedHash,
        });

    public static readonly Gen<Approval> Approval = Gen.Select(Hash, Id, Gen.Enum<Decision>(), Time, (request, user, decision, created) => new Approval { Request = request, User = user, Decision = decision, Created = created });

    public static readonly Gen<Cancel> Cancel = Gen.Select(Hash, Time, (request, created) => new Cancel { Request = request, Created = created });

    public static readonly Gen<Erase> Erase = Gen.Select(Hash, Optional(Id), Time, (manifest, user, created) => new Erase { Manifest = manifest, User = user, Created = created });

    public static readonly Gen<KeyStatement> Key = Gen.Select(Id, Id, XOnly, Enclave, Gen.Bool, Hash, Time, (key, user, auth, enclave, made, envelope, created) => new KeyStatement
    {
        Key = key,
        User = user,
        Auth = auth,
        Enclave = enclave,
        Source = made ? KeySource.Made : KeySource.Imported,
        Envelope = made ? null : envelope,
        Created = created,
    });

    public static readonly Gen<KeyErase> KeyErase = Gen.Select(Hash, Time, (key, created) => new KeyErase { Key = key, Created = created });

    public static readonly Gen<SingleSign> SingleSign = Gen.Select(Hash, Id, Time, Gen.Long[1, 86_400_000], Gen.Enum<SingleSignAlgorithm>(), Hash, (key, request, created, lifetime, algorithm, sealedHash) => new SingleSign
    {
        Key = key,
        Request = request,
        Created = created,
        Expires = created + lifetime,
        Algorithm = algorithm,
        Sealed = sealedHash,
    });

    public static readonly Gen<Terms> Terms = Gen.Select(Optional(Gen.String[0, 60]), Chain, Gen.Select(Id, Chain).Array[0, 4], (label, chain, subsets) => new Terms
    {
        Label = label is null ? null : new string([.. label.Where(c => !char.IsSurrogate(c))]),
        Tweaks = chain,
        Subsets = subsets.DistinctBy(subset => subset.Item1).ToDictionary(subset => subset.Item1, subset => subset.Item2),
    });

    public static readonly Gen<SigningItem[]> Items = Gen.Select(Gen.Select(Id, Hash, Optional(Id)), Gen.Bool, Chain, Gen.Bool, Adaptor(), Gen.Bool, Data, (names, tweaked, chain, adapted, adaptor, shown, data) => new SigningItem
    {
        Item = names.Item1,
        Message = names.Item2,
        Subset = names.Item3,
        Tweaks = tweaked ? chain : null,
        Adaptor = adapted ? adaptor.Sum : null,
        Points = adapted ? adaptor.Points : [],
        Context = shown ? new ItemContext("sha256", data) : null,
    }).Array[1, 6].Where(items => items.DistinctBy(item => item.Item).Count() == items.Length);

    public static readonly Gen<Round1Entry[]> Round1 = Gen.Select(Id, Number(99), Gen.Byte.Array[RoundEntries.NonceSize], (item, signer, nonce) => new Round1Entry(item, signer, nonce)).Array[1, 20];

    public static readonly Gen<Round2Entry[]> Round2 = Gen.Select(Id, Number(99), Hash, (item, signer, partial) => new Round2Entry(item, signer, partial)).Array[0, 20];

    public static readonly Gen<ItemResult[]> Result = Gen.OneOf(
        Gen.Select(Id, Signature, (item, signature) => (ItemResult)new ItemResult.Completed(item, signature)),
        Gen.Select(Id, Signature, (item, signature) => (ItemResult)new ItemResult.PreSigned(item, signature)),
        Gen.Select(Id, Optional(Gen.Select(Gen.Enum<NodeKind>(), Number(99), (kind, index) => new NodeId(kind, index))), (item, node) => (ItemResult)new ItemResult.Failed(item, "nonce_invalid", node))).Array[1, 10];

    public static readonly Gen<IdentityDocument> Identity = Gen.Select(Gen.Enum<EnclaveMode>(), Number(int.MaxValue), Gen.Select(Public, XOnly).Array[1, 4], Hash, Number(9).Array[1, 3], Id, (mode, id, keys, config, protocols, boot) => new IdentityDocument
    {
        Mode = mode,
        Id = id,
        Keys = [.. keys.Select((key, epoch) => new EpochKeys(epoch + 1, key.Item1, key.Item2))],
        Kms = "arn:aws:kms:eu-central-1:111122223333:key/ü",
        Config = config,
        Protocols = protocols,
        Software = "1.0",
        Boot = boot,
    });

    public static Gen<T?> Optional<T>(Gen<T> value)
        where T : struct => Gen.Select(Gen.Bool, value, (present, some) => present ? some : (T?)null);

    public static Gen<string?> Optional(Gen<string> value) => Gen.Select(Gen.Bool, value, (present, some) => present ? some : null);

    private static Gen<int> Number(int maximum) => Gen.OneOf(Gen.Int[0, Math.Min(30, maximum)], Gen.Int[0, maximum]);

    private static Gen<int[]> Indexes(int below, int atLeast) => Gen.Int[0, below - 1].Array[atLeast, below].Select(some => some.Distinct().Order().ToArray()).Where(some => some.Length >= atLeast);

    private static Gen<(PublicKey Sum, AdaptorPoint[] Points)> Adaptor() => Gen.Select(Public, Signature).Array[0, 4].Select(points =>
    {
        var distinct = points.DistinctBy(point => point.Item1.ToXOnly()).Select(point => new AdaptorPoint(point.Item1, point.Item2)).ToArray();
        return distinct.Length >= 2
            ? (PublicKey.Combine([.. distinct.Select(point => point.Point)]), distinct)
            : (PublicKey.Parse(Convert.FromHexString("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")), []);
    });
}
