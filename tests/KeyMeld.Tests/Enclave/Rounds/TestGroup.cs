using Google.Protobuf;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;
using SignedStatement = KeyMeld.Protocol.Statements.SignedStatement;

namespace KeyMeld.Tests.Enclave.Rounds;

/// <summary>A group as its creator and members made it, with every secret: what a test needs to speak for any of them, or for a gateway that attacks them.</summary>
internal sealed class TestGroup
{
    public const long Created = 1_800_000_000_000;

    private readonly (SignedStatement Statement, byte[] Envelope)[] _registrations;

    public TestGroup(IReadOnlyList<HostedEnclave> enclaves, IReadOnlyList<TestMember> members, GroupShape? shape = null)
    {
        shape ??= new GroupShape();
        Creator = shape.Creator ?? SecretKey.Generate();
        Members = members;
        Enclaves = [.. enclaves.Select(enclave => enclave.Identity)];
        Secret = SessionSecret.Generate();
        Terms = new Terms { Label = "the treasury", Tweaks = shape.Tweaks ?? TweakChain.Empty, Subsets = shape.SubsetTweaks ?? new Dictionary<Id16, TweakChain>() };
        var terms = Terms.Encode();
        var manifest = new Manifest
        {
            Created = Created,
            JoinBy = shape.JoinBy,
            SignUntil = shape.SignUntil,
            Creator = Creator.XOnlyPublicKey,
            CreatorRequests = shape.CreatorRequests,
            Unattended = shape.Unattended,
            Enclaves = [.. enclaves.Select(enclave => enclave.Entry)],
            Participants = [.. members.Select(member => member.Place)],
            Subsets = shape.Subsets ?? [],
            Approvals = shape.Unattended ? new ApprovalPolicy([], 0) : shape.Approvals ?? new ApprovalPolicy([0], 1),
            Terms = TermsEnvelope.Commit(Secret, terms),
        };
        Manifest = StatementSigner.Sign(shape.Change?.Invoke(manifest) ?? manifest, Creator);
        Cipher = new SessionCipher(Secret, Manifest.Digest);
        SealedTerms = TermsEnvelope.Seal(Secret, Manifest.Digest, terms);
        SealedSecrets = [.. Enclaves.Select((enclave, index) => SessionSecretEnvelope.Seal(enclave.Key, Manifest.Digest, index, Secret))];
        _registrations = [.. members.Select(member => member.Register(this))];
    }

    public SecretKey Creator { get; }

    public IReadOnlyList<TestMember> Members { get; }

    public IReadOnlyList<EpochIdentity> Enclaves { get; }

    public SessionSecret Secret { get; }

    public Terms Terms { get; }

    public Signed<Manifest> Manifest { get; }

    public SessionCipher Cipher { get; }

    public byte[] SealedTerms { get; }

    public IReadOnlyList<byte[]> SealedSecrets { get; }

    public IReadOnlyList<(SignedStatement Statement, byte[] Envelope)> Registrations => _registrations;

    /// <summary>ρ.</summary>
    public Hash32 RosterHash => Roster.RosterHash;

    /// <summary>The roster as a client verifies it.</summary>
    public Roster Roster => field ??= Roster.Verify(Manifest, SealedTerms, Secret, [.. _registrations.Select(registration => registration.Statement)]);

    public UntrustedKeygen Keygen(int enclave) => new()
    {
        Manifest = Manifest.Statement.ToWire(),
        Terms = ByteString.CopyFrom(SealedTerms),
        SessionSecret = ByteString.CopyFrom(SealedSecrets[enclave]),
    };

    public UntrustedRegistration Registration(int member, int? enclave = null, params int[] accepted)
    {
        var at = enclave ?? Members[member].Enclave!.Value;
        var (statement, envelope) = _registrations[member];
        return new UntrustedRegistration
        {
            Keygen = Keygen(at),
            Accepted = { accepted.Select(index => _registrations[index].Statement.ToWire()) },
            Registration = statement.ToWire(),
            Envelope = at == Members[member].Enclave ? ByteString.CopyFrom(envelope) : ByteString.Empty,
        };
    }

    public UntrustedBundle Bundle(int enclave)
    {
        var bundle = new UntrustedBundle { Keygen = Keygen(enclave), Registrations = { _registrations.Select(registration => registration.Statement.ToWire()) } };
        foreach (var (index, member) in Members.Index().Where(member => member.Item.Enclave == enclave))
        {
            bundle.Envelopes.Add(new Envelope { Participant = (uint)index, Sealed = ByteString.CopyFrom(_registrations[index].Envelope) });
        }
        return bundle;
    }
}

/// <summary>What a test wants different from three members of whom the first approves.</summary>
internal sealed record GroupShape
{
    public SecretKey? Creator { get; init; }

    public long? JoinBy { get; init; }

    public long? SignUntil { get; init; }

    public bool CreatorRequests { get; init; }

    public bool Unattended { get; init; }

    public IReadOnlyList<Subset>? Subsets { get; init; }

    public ApprovalPolicy? Approvals { get; init; }

    public TweakChain? Tweaks { get; init; }

    public IReadOnlyDictionary<Id16, TweakChain>? SubsetTweaks { get; init; }

    public Func<Manifest, Manifest>? Change { get; init; }
}
