using Amazon.KeyManagementService.Model;
using Google.Protobuf;
using KeyMeld.Enclave.Nsm;
using KeyMeld.Enclave.Sealing.Cms;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;
using static KeyMeld.Wire.V1.EnclaveStatus.Types;

namespace KeyMeld.Tests.Enclave.Support;

/// <summary>
/// The substitution matrix of the attack catalogue: KeyId, alias, region, blob, context, credentials, attestation document, RSA key, fields of the sealed answer,
/// the answer's KeyId, endpoint and CA, each replaced alone and together with each other.
/// </summary>
internal sealed class SubstitutionMatrix : IAsyncDisposable
{
    private static readonly string[] Reasons =
    [
        ErrorCodes.SealedKeyCorrupt, ErrorCodes.KmsConfigMismatch, ErrorCodes.KmsAccessDenied, ErrorCodes.KmsResponseInvalid, ErrorCodes.KmsCredentialsInvalid,
        ErrorCodes.KmsKeyNotFound, ErrorCodes.KmsUnreachable, ErrorCodes.KmsAttestationRejected,
    ];

    private readonly TestMachine _machine;
    private readonly TestMachine _theirs;
    private readonly TlsFront _front;
    private readonly TestAuthority _ours = new("Ours");
    private readonly TestAuthority _others = new("Others");
    private readonly Dictionary<string, TestEnclave> _enclaves = [];
    private SealedKeyRow _row = new();
    private string _other = "";
    private Substitution[] _all = [];

    private SubstitutionMatrix(TestMachine machine, TestMachine theirs)
    {
        (_machine, _theirs) = (machine, theirs);
        _front = new TlsFront(machine.Kms.Endpoint) { Shown = [_ours.Issue("localhost")] };
    }

    /// <summary>Cells so far.</summary>
    public int Tried { get; private set; }

    public static async Task<SubstitutionMatrix> StartAsync(MachineFixture fixture)
    {
        var matrix = new SubstitutionMatrix(fixture.Machine, await TestMachine.StartAsync());
        await matrix.PrepareAsync();
        return matrix;
    }

    public async Task TryAllAsync()
    {
        for (var i = 0; i < _all.Length; i++)
        {
            for (var j = i; j < _all.Length; j++)
            {
                await TryAsync(i == j ? [_all[i]] : [_all[i], _all[j]]);
            }
        }
    }

    /// <summary>The very enclave that heard all lies opens the honest row.</summary>
    public async Task RequireHonestAsync()
    {
        var status = await (await EnclaveAsync([])).ConfigureAsync(_row);
        Assert.Equal((State.Ready, _row.PublicKey), (status.State, Assert.Single(status.Keys).Key));
    }

    public async ValueTask DisposeAsync()
    {
        await _front.DisposeAsync();
        await _theirs.DisposeAsync();
        _ours.Dispose();
        _others.Dispose();
    }

    private async Task TryAsync(IReadOnlyList<Substitution> substitutions)
    {
        var request = new UntrustedConfigure { Credentials = _machine.Credentials, Rows = { _row.Clone() } };
        foreach (var one in substitutions)
        {
            one.HandedOver?.Invoke(request);
        }
        var enclave = await EnclaveAsync(substitutions);
        EnclaveStatus status;
        using (_machine.Between(exchange => Substitution.ApplyAsync(substitutions, exchange, _machine.Kms.Endpoint, _machine.Kms.Credentials.Enclave)))
        {
            status = await enclave.ConfigureAsync(request);
        }
        Assert.True(status.State is State.Locked && status.Keys.Count == 0 && Reasons.Contains(status.Reason),
            $"{string.Join(" with ", substitutions.Select(one => one.Name))}: {status.State} {status.Reason} {status.Detail}");
        Tried++;
    }

    private async Task<TestEnclave> EnclaveAsync(IReadOnlyList<Substitution> substitutions)
    {
        var configured = substitutions.Where(one => one.Configured is not null).ToList();
        var name = string.Join("+", configured.Select(one => one.Name));
        if (!_enclaves.TryGetValue(name, out var enclave))
        {
            enclave = await _machine.StartEnclaveAsync(change: configuration => configured.Aggregate(
                configuration with { Kms = configuration.Kms with { PreviousKeyIds = [_other] } }, (changed, one) => one.Configured!(changed)));
            _enclaves.Add(name, enclave);
        }
        return enclave;
    }

    private async Task PrepareAsync()
    {
        _row = await (await _machine.StartEnclaveAsync()).BeginAsync();
        var theirs = await (await _machine.StartEnclaveAsync()).BeginAsync(number: 1);
        var again = await (await _machine.StartEnclaveAsync()).BeginAsync();
        _other = await _machine.CreateKeyAsync(_machine.ClosedPolicy(_machine.Measurement));
        await _machine.Admin.CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/others", TargetKeyId = _other }, TestContext.Current.CancellationToken);
        _all = [.. HandedOver(theirs, again, _other), .. OnTheWay(theirs, _other), .. Answered(), .. Configured(_other)];
    }

    private IEnumerable<Substitution> HandedOver(SealedKeyRow theirs, SealedKeyRow again, string other) =>
    [
        new("the blob of another enclave") { HandedOver = request => request.Rows[0].KmsEncryptedDek = theirs.KmsEncryptedDek },
        new("the blob of another key of this enclave") { HandedOver = request => request.Rows[0].KmsEncryptedDek = again.KmsEncryptedDek },
        new("the sealed key of another enclave") { HandedOver = request => request.Rows[0].EncryptedPrivateKey = theirs.EncryptedPrivateKey },
        new("the sealed key of another key of this enclave") { HandedOver = request => request.Rows[0].EncryptedPrivateKey = again.EncryptedPrivateKey },
        new("the public key of another enclave") { HandedOver = request => request.Rows[0].PublicKey = theirs.PublicKey },
        new("the public key of another key of this enclave") { HandedOver = request => request.Rows[0].PublicKey = again.PublicKey },
        new("another number") { HandedOver = request => request.Rows[0].EnclaveId = 1 },
        new("another epoch") { HandedOver = request => request.Rows[0].KeyEpoch = 2 },
        new("another accepted KMS key") { HandedOver = request => request.Rows[0].KmsKeyId = other },
        new("a KMS key of somebody else") { HandedOver = request => request.Rows[0].KmsKeyId = other[..^4] + "ffff" },
        new("an alias in the row") { HandedOver = request => request.Rows[0].KmsKeyId = "alias/others" },
        new("other credentials") { HandedOver = request => request.Credentials = TestMachine.Pushed(_machine.Kms.Credentials.Admin) },
        new("credentials of another account") { HandedOver = request => request.Credentials = _theirs.Credentials },
        new("a bit of the blob") { HandedOver = request => request.Rows[0].KmsEncryptedDek = Flip(request.Rows[0].KmsEncryptedDek) },
        new("a bit of the sealed key") { HandedOver = request => request.Rows[0].EncryptedPrivateKey = Flip(request.Rows[0].EncryptedPrivateKey) },
        new("a cut blob") { HandedOver = request => request.Rows[0].KmsEncryptedDek = ByteString.CopyFrom(request.Rows[0].KmsEncryptedDek.Span[..^1]) },
        new("the whole row of another enclave") { HandedOver = request => request.Rows[0] = theirs.Clone() },
    ];

    private IEnumerable<Substitution> OnTheWay(SealedKeyRow theirs, string other)
    {
        var foreignDocument = Document(1);
        var earlierDocument = Document(0);
        return
        [
            new("the KeyId asked for") { Sent = body => body["KeyId"] = other },
            new("an alias asked for") { Sent = body => body["KeyId"] = "alias/others" },
            new("the blob asked for") { Sent = body => body["CiphertextBlob"] = Convert.ToBase64String(theirs.KmsEncryptedDek.Span) },
            new("the context of another enclave") { Sent = body => body["EncryptionContext"]!["enclave_id"] = "1" },
            new("the context of another enclave's key") { Sent = body => body["EncryptionContext"]!["public_key"] = Convert.ToHexStringLower(theirs.PublicKey.Span) },
            new("the attestation document of another enclave") { Sent = body => body["Recipient"]!["AttestationDocument"] = foreignDocument },
            new("an attestation document for a key of somebody's own") { Sent = body => body["Recipient"]!["AttestationDocument"] = earlierDocument },
            new("no attestation document") { Sent = body => body.Remove("Recipient") },
            new("the caller") { Signed = (_machine.Kms.Credentials.Admin, "us-west-2") },
            new("the region asked in") { Signed = (_machine.Kms.Credentials.Enclave, "us-east-1") },
        ];
    }

    private static IEnumerable<Substitution> Answered()
    {
        string[] answers = ["K05 another key's ARN", "K11 the sealed answer of another enclave's key", "K11 a plaintext in place of the sealed answer"];
        string[] fields = ["the recipient's identifier", "the hash", "a bit of the encrypted key", "the cipher", "a trailing byte"];
        return
        [
            .. answers.Select(name => new Substitution(name) { Answered = HostileAnswers.NoAnswers[name] }),
            .. fields.Select(name => new Substitution(name) { Answered = HostileAnswers.Fields["K20 changed in the sealed answer: " + name] }),
            .. HostileAnswers.OtherKeys.Select(answer => new Substitution(answer.Key) { Answered = answer.Value }),
        ];
    }

    private IEnumerable<Substitution> Configured(string other) =>
    [
        new("the configured key") { Configured = configuration => configuration with { Kms = configuration.Kms with { KeyId = other } } },
        new("the configured region") { Configured = configuration => configuration with { Kms = configuration.Kms with { Region = "us-east-1" } } },
        new("the endpoint") { Configured = configuration => configuration with { Kms = configuration.Kms with { Endpoint = _theirs.Kms.Endpoint } } },
        new("the CA") { Configured = configuration => configuration with { Kms = configuration.Kms with { Endpoint = _front.Endpoint, TlsRoots = [_others.Root] } } },
    ];

    // Genuine, of the right measurement, for an RSA key whose private half is the attacker's.
    private string Document(int module)
    {
        using var key = RecipientKey.Generate();
        using var device = new NsmSocket(_machine.Module(module).SocketPath);
        return Convert.ToBase64String(new NsmClient(device).Attest(null, null, key.PublicKey));
    }

    private static ByteString Flip(ByteString bytes)
    {
        var copy = bytes.ToByteArray();
        copy[^1] ^= 1;
        return ByteString.CopyFrom(copy);
    }
}
