using System.Security.Cryptography;
using System.Text;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Identity;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Protocol.Support;

/// <summary>
/// A group with every secret in the test's hands: two enclaves, four places (0 at enclave 0, 1 and 2 at enclave 1, 3 at home), one subset of {0, 2} with a chain
/// of its own. Secrets come from labels, so a story is the same each time; they are public and of no other use.
/// </summary>
internal sealed class Story : IDisposable
{
    public const long Created = 1_800_000_000_000;
    public const int Places = 4;

    private readonly List<IDisposable> _secrets = [];

    public Story(Func<Manifest, Manifest>? change = null, Func<int, Registration, Registration>? register = null)
    {
        Identities = [.. Enumerable.Range(0, 2).Select(i => Key($"identity {i}"))];
        Statements = [.. Identities.Select(identity => Keep(StatementKey.Derive(identity)))];
        Admissions = [.. Enumerable.Range(0, Places).Select(i => Key($"admission {i}"))];
        Auths = [.. Enumerable.Range(0, Places).Select(i => Key($"auth {i}"))];
        Members = [.. Enumerable.Range(0, Places).Select(i => Key($"member {i}"))];
        Creator = Key("creator");
        Secret = Keep(SessionSecret.Import(Bytes("session secret")));
        Terms = MakeTerms().Encode();
        Manifest = StatementSigner.Sign(change is null ? MakeManifest() : change(MakeManifest()), Creator);
        Cipher = new SessionCipher(Secret, Manifest.Digest);
        SealedTerms = TermsEnvelope.Seal(Secret, Manifest.Digest, Terms);
        Registrations = [.. Enumerable.Range(0, Places).Select(place => Register(place, register is null ? null : registration => register(place, registration)))];
    }

    public SecretKey[] Identities { get; }

    public SecretKey[] Statements { get; }

    public SecretKey[] Admissions { get; }

    public SecretKey[] Auths { get; }

    public SecretKey[] Members { get; }

    public SecretKey Creator { get; }

    public SessionSecret Secret { get; }

    public SessionCipher Cipher { get; }

    public byte[] Terms { get; }

    public byte[] SealedTerms { get; }

    public Signed<Manifest> Manifest { get; }

    public SignedStatement[] Registrations { get; }

    public Id16 Subset { get; } = Id("subset");

    public Roster Roster => field ??= KeyMeld.Protocol.Groups.Roster.Verify(Manifest, SealedTerms, Secret, Registrations);

    public static byte[] Bytes(string label) => SHA256.HashData(Encoding.UTF8.GetBytes("keymeld own vector: " + label));

    public static Id16 Id(string label) => new(Bytes(label).AsSpan(0, Id16.Size));

    public SecretKey Key(string label) => Keep(SecretKey.Import(Bytes(label)));

    public Terms MakeTerms() => new()
    {
        Label = "own vectors",
        Tweaks = new TweakChain([new Tweak.Bip86()]),
        Subsets = new Dictionary<Id16, TweakChain>
        {
            [Subset] = new TweakChain(
            [
                new Tweak.Plain(new Hash32(Bytes("plain tweak"))),
                new Tweak.XOnly(new Hash32(Bytes("xonly tweak"))),
                new Tweak.Taproot(new ScriptTree.Branch(new ScriptTree.Leaf(0xc0, new byte[] { 0x51 }), new ScriptTree.Leaf(0xfa, Bytes("script")))),
            ]),
        },
    };

    public Manifest MakeManifest() => new()
    {
        Created = Created,
        JoinBy = Created + 86_400_000,
        SignUntil = Created + 2_592_000_000,
        Creator = Creator.XOnlyPublicKey,
        CreatorRequests = true,
        Enclaves = [new EnclaveKeys(Identities[0].PublicKey, Statements[0].XOnlyPublicKey, 1, 0), new EnclaveKeys(Identities[1].PublicKey, Statements[1].XOnlyPublicKey, 3, 1)],
        Participants = [.. Enumerable.Range(0, Places).Select(i => new Participant(Id($"user {i}"), Admissions[i].XOnlyPublicKey, i switch { 0 => 0, 3 => null, _ => 1 }))],
        Subsets = [new Subset(Subset, [0, 2])],
        Approvals = new ApprovalPolicy([0, 1, 2], 2),
        Terms = TermsEnvelope.Commit(Secret, Terms),
    };

    /// <summary>A registration of one place, changed after everything in it was made for what it says.</summary>
    public SignedStatement Register(int place, Func<Registration, Registration>? change = null, SecretKey? admission = null, SecretKey? auth = null, SecretKey? member = null, bool? approval = null)
    {
        auth ??= Auths[place];
        member ??= Members[place];
        var participant = Manifest.Value.Participants[place];
        var source = participant.Enclave is null ? KeySource.Home : KeySource.Imported;
        var binding = MemberBinding.Of(Manifest.Digest, participant.User, participant.Enclave, auth.XOnlyPublicKey, approval ?? place != 1, source);
        var registration = new Registration
        {
            Manifest = Manifest.Digest,
            User = participant.User,
            Auth = auth.XOnlyPublicKey,
            Approval = approval ?? place != 1,
            Source = source,
            MemberKey = MemberKeyPlaintext.Prove(member, binding).Encrypt(Cipher, binding),
            Envelope = source == KeySource.Home ? null : Hash32.Sha256(Envelope(place, binding, member)),
        };
        return StatementSigner.Sign(change is null ? registration : change(registration), admission ?? Admissions[place], auth).Statement;
    }

    public SigningItem[] MakeItems(int count = 2) =>
    [
        .. Enumerable.Range(0, count).Select(i => new SigningItem { Item = Id($"item {i}"), Message = new Hash32(Bytes($"message {i}")), Subset = i % 2 == 0 ? null : Subset }),
    ];

    /// <summary>A request by one place (or the creator) over these items, changed before it is signed.</summary>
    public (SignedStatement Request, byte[] Items) Request(IReadOnlyList<SigningItem>? items = null, Func<SigningRequest, SigningRequest>? change = null, int? by = 0, SecretKey? signer = null)
    {
        items ??= MakeItems();
        var signing = Id("signing");
        var wire = SealedItems.Seal(Cipher, Roster.RosterHash, signing, items);
        var request = new SigningRequest
        {
            Roster = Roster.RosterHash,
            Signing = signing,
            By = by,
            Created = Created,
            Expires = Created + 600_000,
            Items = items.Count,
            Signers = items.Any(item => item.Subset is null) ? [0, 1, 2, 3] : [0, 2],
            Sealed = Hash32.Sha256(wire),
        };
        return (StatementSigner.Sign(change is null ? request : change(request), signer ?? (by is { } place ? Auths[place] : Creator)).Statement, wire);
    }

    public VerifiedRequest Verify((SignedStatement Request, byte[] Items) request) => RequestVerifier.Verify(Roster, request.Request, request.Items, Secret);

    public SignedStatement Decide(VerifiedRequest request, int place, Decision decision = Decision.Approve, SecretKey? signer = null) => StatementSigner.Sign(
        new Approval { Request = request.Digest, User = Manifest.Value.Participants[place].User, Decision = decision, Created = Created + 1 }, signer ?? Auths[place]).Statement;

    public void Dispose()
    {
        foreach (var secret in _secrets)
        {
            secret.Dispose();
        }
    }

    private byte[] Envelope(int place, byte[] binding, SecretKey member) =>
        MemberEnvelope.Seal(Identities[Manifest.Value.Participants[place].Enclave!.Value].PublicKey, binding, member);

    private T Keep<T>(T secret)
        where T : IDisposable
    {
        _secrets.Add(secret);
        return secret;
    }
}
