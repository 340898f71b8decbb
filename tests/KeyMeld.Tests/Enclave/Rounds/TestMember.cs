using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Hpke;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Keys;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Enclave.Rounds;

/// <summary>A participant with all its secrets, as its SDK would hold them.</summary>
internal sealed class TestMember(int? enclave, bool approval = true)
{
    public Id16 User { get; set; } = Id16.Random();

    public SecretKey Admission { get; set; } = SecretKey.Generate();

    public SecretKey Auth { get; set; } = SecretKey.Generate();

    public SecretKey Key { get; set; } = SecretKey.Generate();

    public bool Approval { get; set; } = approval;

    public int? Enclave { get; } = enclave;

    public KeySource Source { get; set; } = enclave is null ? KeySource.Home : KeySource.Imported;

    public Participant Place => new(User, Admission.XOnlyPublicKey, Enclave);

    /// <summary>What this member posts: its registration, and the envelope for its enclave.</summary>
    public (SignedStatement Statement, byte[] Envelope) Register(TestGroup group, Func<Registration, Registration>? change = null, SecretKey? sealedSecret = null)
    {
        var binding = MemberBinding.Of(group.Manifest.Digest, User, Enclave, Auth.XOnlyPublicKey, Approval, Source);
        var envelope = Enclave is { } index ? Seal(group.Enclaves[index], binding, sealedSecret ?? Key) : [];
        var registration = new Registration
        {
            Manifest = group.Manifest.Digest,
            User = User,
            Auth = Auth.XOnlyPublicKey,
            Approval = Approval,
            Source = Source,
            MemberKey = MemberKeyPlaintext.Prove(Key, binding).Encrypt(group.Cipher, binding),
            Envelope = Source == KeySource.Home ? null : Hash32.Sha256(envelope),
        };
        var signed = StatementSigner.Sign(change?.Invoke(registration) ?? registration, Admission, Auth);
        return (signed.Statement, envelope);
    }

    public SignedStatement Decide(Hash32 request, long now, Decision decision = Decision.Approve) =>
        StatementSigner.Sign(new Approval { Request = request, User = User, Decision = decision, Created = now }, Auth).Statement;

    // A made key as its enclave seals it to itself.
    private byte[] Seal(EpochIdentity enclave, ReadOnlySpan<byte> binding, SecretKey secret)
    {
        if (Source != KeySource.Made)
        {
            return SealKey(enclave.Key, binding, secret);
        }
        using var plaintext = secret.Export();
        return SelfSeal.Seal(enclave.IdentityKey, binding, plaintext.Span);
    }

    public static byte[] SealKey(PublicKey enclave, ReadOnlySpan<byte> binding, SecretKey secret)
    {
        using var plaintext = secret.Export();
        return HpkeSealer.Seal(enclave, Purposes.MemberKey, Aad.MemberKey(binding), plaintext.Span);
    }
}
