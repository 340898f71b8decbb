using System.Security.Cryptography;
using Google.Protobuf;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Keys;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Keys;

/// <summary>The owner of a single-signer key with all secrets, as its SDK would hold them, and so whatever a gateway that attacks it can hold.</summary>
internal sealed class TestOwner(EnclaveKeys enclave, KeySource source = KeySource.Imported)
{
    private readonly Id16 _id = Id16.Random();
    private readonly Id16 _user = Id16.Random();

    public SecretKey Auth { get; set; } = SecretKey.Generate();

    public SecretKey Key { get; set; } = SecretKey.Generate();

    public byte[] Response { get; } = RandomNumberGenerator.GetBytes(32);

    public KeyStatement Values => new() { Key = _id, User = _user, Auth = Auth.XOnlyPublicKey, Enclave = enclave, Source = source, Created = TestGroup.Created };

    /// <summary>KB.</summary>
    public byte[] Binding => SingleKeyBinding.Of(Values);

    public byte[] Envelope => field ??= source == KeySource.Made
        ? MakeKeyEnvelope.Seal(enclave.Key, Binding, Response)
        : SingleKeyEnvelope.Seal(enclave.Key, Binding, Key, Response);

    /// <summary>What the gateway stores: the envelope as imported, the self-sealed wire once made.</summary>
    public ByteString Stored { get => field ??= ByteString.CopyFrom(Envelope); private set; }

    public Signed<KeyStatement> Statement => field ??= Sign(Values);

    public PublicKey? Confirmed { get; private set; }

    public Signed<KeyStatement> Sign(KeyStatement values) =>
        StatementSigner.Sign(values with { Envelope = values.Source == KeySource.Made ? null : values.Envelope ?? Hash32.Sha256(Envelope) }, Auth);

    public UntrustedKey Post() => new() { Key = Statement.Statement.ToWire(), Sealed = ByteString.CopyFrom(Envelope) };

    /// <summary>Puts the key under the enclave and takes its answer, as an SDK does.</summary>
    public async Task<MadeKeyAnswer> AddAsync(HostedEnclave at)
    {
        var reply = await at.Keys.AddAsync(Post());
        var answer = MadeKeyAnswer.Open(Response, Binding, reply.Answer.Span);
        if (source == KeySource.Made)
        {
            Stored = reply.SelfSealed;
        }
        Confirmed = answer.Key;
        return answer;
    }

    public TestSign Request(Hash32 message, SingleTweak? tweak = null, SingleSignAlgorithm algorithm = SingleSignAlgorithm.Bip340) => new(this, enclave, message, tweak ?? new SingleTweak.None(), algorithm);
}

/// <summary>One request of an owner, whole or with parts of another.</summary>
internal sealed class TestSign
{
    private readonly TestOwner _owner;

    public TestSign(TestOwner owner, EnclaveKeys enclave, Hash32 message, SingleTweak tweak, SingleSignAlgorithm algorithm)
    {
        (_owner, Message, Tweak) = (owner, message, tweak);
        var request = Id16.Random();
        using var blob = new SingleSignBlob(message, tweak, SecretBytes.CopyFrom(Response));
        Wire = SingleSignEnvelope.Seal(enclave.Key, owner.Statement.Hash, request, blob);
        Values = new SingleSign
        {
            Key = owner.Statement.Hash,
            Request = request,
            Created = TestGroup.Created,
            Expires = TestGroup.Created + 600_000,
            Algorithm = algorithm,
            Sealed = Hash32.Sha256(Wire),
        };
    }

    public Hash32 Message { get; }

    public SingleTweak Tweak { get; }

    public byte[] Response { get; } = RandomNumberGenerator.GetBytes(32);

    public byte[] Wire { get; }

    public SingleSign Values { get; }

    public Signed<SingleSign> Statement => field ??= Sign(Values);

    public Signed<SingleSign> Sign(SingleSign values) => StatementSigner.Sign(values, _owner.Auth);

    public UntrustedSingleSign Call(Signed<SingleSign>? statement = null) => new()
    {
        Key = _owner.Statement.Statement.ToWire(),
        KeySealed = _owner.Stored,
        Request = (statement ?? Statement).Statement.ToWire(),
        Sealed = ByteString.CopyFrom(Wire),
    };

    /// <summary>The signature of an answer, verified under the key that the enclave confirmed.</summary>
    public byte[] Accept(KeyAnswer answer, Signed<SingleSign>? statement = null)
    {
        Assert.True(SingleAnswer.TryOpen(Response, (statement ?? Statement).Hash, answer.Answer.Span, out var signature));
        Assert.True(Values.Algorithm == SingleSignAlgorithm.Ecdsa
            ? _owner.Confirmed!.VerifyEcdsa(Message.Bytes, EcdsaSignature.Parse(signature))
            : SingleTweaks.OutputKey(_owner.Confirmed!.ToXOnly(), Tweak).Verify(Message.Bytes, SchnorrSignature.Parse(signature)));
        return signature;
    }
}
