using System.Security.Cryptography;
using Google.Protobuf;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Keys;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Client.Support;

namespace KeyMeld.Tests.Client.Keys;

/// <summary>A gateway that answers about keys in the enclaves' place.</summary>
public sealed class HostileKeyTests : IDisposable
{
    private static readonly byte[] Message = SHA256.HashData("message"u8);
    private readonly ClientWorld _world = new();
    private readonly SecretKey _planted = SecretKey.Generate();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private KeyOperations Keys => _world.Alice.Keys;

    public void Dispose()
    {
        _planted.Dispose();
        _world.Dispose();
    }

    [Fact]
    public async Task G16_a_make_key_or_import_answered_with_the_gateways_own_key_is_refused()
    {
        // It knows everything but the response secret: what it encrypts is for nobody.
        KeyStatement? posted = null;
        _world.Gateway.Tamper<KeyCreatedJson>(answer =>
        {
            posted = _world.Gateway.Keys[answer.Id].Statement.Value;
            return answer with { Answer = new MadeKeyAnswer(_planted.PublicKey, null, posted.Source == KeySource.Made ? new byte[32] : null).Encrypt(new byte[32], SingleKeyBinding.Of(posted)) };
        });
        await Refused.WithAsync(ErrorCodes.GatewayResponseInvalid, () => Keys.MakeAsync(new NewKeyOptions { Label = "made" }, Cancel));
        using var secret = SecretKey.Generate();
        await Refused.WithAsync(ErrorCodes.GatewayResponseInvalid, () => Keys.ImportAsync(secret, new NewKeyOptions { Label = "imported" }, Cancel));
        _world.Gateway.Tamper<KeyCreatedJson>(answer => answer with { Answer = null });
        await Refused.WithAsync(ErrorCodes.GatewayResponseInvalid, () => Keys.ResumeAsync(Keys.Find("made").Id, Cancel));
        _world.Gateway.Tamper<KeyCreatedJson>(answer => answer with { Id = Hash32.Sha256([1]) });
        await Refused.WithAsync(ErrorCodes.GatewayResponseInvalid, () => Keys.ResumeAsync(Keys.Find("made").Id, Cancel));
        Assert.All(Keys.List(), key => Assert.Equal(OwnedKeyState.Pending, key.State));

        _world.Gateway.BeHonest();
        foreach (var pending in Keys.List())
        {
            await Keys.SignBip340Async(await Keys.ResumeAsync(pending.Id, Cancel), Message, cancellationToken: Cancel);
        }
    }

    [Fact]
    public async Task G16_the_answer_about_another_key_of_the_same_owner_is_refused()
    {
        var first = await Keys.MakeAsync(cancellationToken: Cancel);
        var old = _world.Gateway.Keys[first.Id].Answer;
        _world.Gateway.Tamper<KeyCreatedJson>(answer => answer with { Answer = old });
        await Refused.WithAsync(ErrorCodes.GatewayResponseInvalid, () => Keys.MakeAsync(cancellationToken: Cancel));
    }

    [Fact]
    public async Task G16_a_made_member_key_is_accepted_from_nowhere_but_the_enclave()
    {
        var created = await _world.Alice.Groups.CreateAsync(ClientWorld.TwoOfTwo, Cancel);
        using var key = MemberKey.MadeByEnclave();
        byte[]? binding = null;
        _world.Gateway.Intercept = call =>
        {
            if (!call.Target.EndsWith("/make-key", StringComparison.Ordinal))
            {
                return null;
            }
            binding = System.Text.Json.JsonSerializer.Deserialize(call.Body, ProtocolJson.Default.MakeKeyRequestJson)!.B;
            var planted = new MadeKeyAnswer(_planted.PublicKey, MemberKeyPlaintext.Prove(_planted, binding).Proof, new byte[61]);
            return FakeGateway.Json(ProtocolJson.Utf8(new AnswerJson(planted.Encrypt(new byte[32], binding)), ProtocolJson.Default.AnswerJson));
        };
        await Refused.WithAsync(ErrorCodes.GatewayResponseInvalid, () => _world.Alice.Groups.JoinAsync(created.Id, key, null, Cancel));
        Assert.NotNull(binding);
        Assert.DoesNotContain(_world.Gateway.Posts, call => call.Target.EndsWith("/participants", StringComparison.Ordinal));
        _world.Gateway.BeHonest();
        await _world.Alice.Groups.JoinAsync(created.Id, key, null, Cancel);
        created.Dispose();
    }

    [Fact]
    public async Task G01_nothing_is_sealed_to_an_enclave_that_does_not_prove_itself_when_importing_making_or_signing()
    {
        var key = await Keys.MakeAsync(cancellationToken: Cancel);
        _world.Gateway.Tamper<IdentityJson>(answer => answer with { Attestation = [.. answer.Attestation[..^1], (byte)(answer.Attestation[^1] ^ 1)] });
        var posts = _world.Gateway.Posts.Count();
        await Refused.WithAsync(ErrorCodes.AttestationInvalid, () => Keys.MakeAsync(cancellationToken: Cancel));
        await Refused.WithAsync(ErrorCodes.AttestationInvalid, () => Keys.ImportAsync(_planted, cancellationToken: Cancel));
        await Refused.WithAsync(ErrorCodes.AttestationInvalid, () => Keys.SignBip340Async(key, Message, cancellationToken: Cancel));
        Assert.Equal(posts, _world.Gateway.Posts.Count());
        Assert.Single(Keys.List());
        _world.Gateway.BeHonest();
        await Keys.SignBip340Async(key, Message, cancellationToken: Cancel);
    }

    [Fact]
    public async Task G11_signatures_that_are_wrong_or_not_from_the_enclave_are_refused()
    {
        var key = await Keys.MakeAsync(cancellationToken: Cancel);
        var other = await Keys.MakeAsync(cancellationToken: Cancel);
        byte[]? old = null;
        _world.Gateway.AnswerSign = (body, signing) => old = _world.Gateway.Sign(body, signing);
        await Keys.SignBip340Async(key, Message, cancellationToken: Cancel);
        (string Code, Func<SingleSignRequestJson, FakeKey, byte[]> Lie)[] lies =
        [
            (ErrorCodes.GatewayResponseInvalid, (_, _) => old!),
            (ErrorCodes.GatewayResponseInvalid, (_, _) => new byte[93]),
            (ErrorCodes.GatewayResponseInvalid, (_, _) => []),
            (ErrorCodes.GatewayResponseInvalid, (body, _) => SingleAnswer.Encrypt(new byte[32], body.Request.ToStatement().Hash, _planted.SignSchnorr(Message).Bytes)),
            // The enclave signs rightly, with another secret that it made under the same statement.
            (ErrorCodes.SignatureInvalid, (body, signing) => _world.Gateway.Sign(body, new FakeKey(signing.Statement, SecondMade(signing.Statement), []))),
        ];
        foreach (var (code, lie) in lies)
        {
            _world.Gateway.AnswerSign = lie;
            await Refused.WithAsync(code, () => Keys.SignBip340Async(key, Message, cancellationToken: Cancel));
            await Refused.WithAsync(code, () => Keys.SignEcdsaAsync(key, Message, cancellationToken: Cancel));
        }
        _world.Gateway.AnswerSign = null;
        await Keys.SignBip340Async(key, Message, cancellationToken: Cancel);
        await Keys.SignBip340Async(other, Message, cancellationToken: Cancel);
    }

    [Fact]
    public async Task P09_a_statement_key_of_this_profile_is_not_imported_as_a_signing_key()
    {
        var (group, _) = await _world.FormAsync();
        var profile = _world.Alice.Profile;
        var admission = profile.CreateAdmissionKey();
        var key = await Keys.MakeAsync(cancellationToken: Cancel);
        string[] names = [SecretNames.Creator(group.Id), SecretNames.Authorisation(group.Id, group.Members[0].AuthorisationKey), SecretNames.OwnAdmission(admission), SecretNames.KeyAuthorisation(key.Id)];
        foreach (var name in names)
        {
            using var secret = profile.FindKey(name);
            await Refused.WithAsync(ErrorCodes.KeyReused, () => Keys.ImportAsync(secret!, cancellationToken: Cancel));
        }
        Assert.Single(Keys.List());
        await Keys.ImportAsync(_planted, cancellationToken: Cancel);
    }

    [Fact]
    public async Task A_gateway_that_shows_another_statement_or_only_pretends_to_erase_is_told_so()
    {
        var key = await Keys.MakeAsync(cancellationToken: Cancel);
        _world.Gateway.Tamper<KeyListJson>(list => new KeyListJson([.. list.Keys.Select(shown => shown with { Key = SignedJson.Of(StatementSigner.Sign(key.Statement.Value with { Created = 1 }, _planted).Statement) })]));
        await Refused.WithAsync(ErrorCodes.GatewayResponseInvalid, () => Keys.ListAsync(Cancel));
        _world.Gateway.Tamper<StateJson>(_ => new StateJson("active"));
        await Refused.WithAsync(ErrorCodes.GatewayResponseInvalid, () => Keys.EraseAsync(key.Id, Cancel));
        _world.Gateway.BeHonest();
        Assert.Equal(OwnedKeyState.Ready, Assert.Single(Keys.List()).State);
        await Keys.EraseAsync(key.Id, Cancel);
    }

    private ByteString SecondMade(Signed<KeyStatement> statement)
    {
        using var response = SecretBytes.Random(MakeKeyEnvelope.ResponseSize);
        var wire = MakeKeyEnvelope.Seal(statement.Value.Enclave.Key, SingleKeyBinding.Of(statement.Value), response.Span);
        var key = new KeyMeld.Wire.V1.UntrustedKey { Key = Enclave.Rounds.WireForms.ToWire(statement.Statement), Sealed = ByteString.CopyFrom(wire) };
        return _world.Gateway.Host(statement.Value.Enclave).Desk(_world.Clock).AddAsync(key).GetAwaiter().GetResult().SelfSealed;
    }
}
