using System.Net;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Keys;

/// <summary>POST /keygen/{group}/make-key.</summary>
public sealed class MakeMemberKeyTests : IAsyncLifetime
{
    private TestGateway _gateway = null!;

    public async ValueTask InitializeAsync() => _gateway = await TestGateway.StartAsync();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task The_admission_key_of_a_place_has_its_key_made_and_the_registration_says_so()
    {
        var group = TestGroup.Make(_gateway);
        await group.CreateAsync();
        Assert.Equal(224, (await MakeAsync(group, 1)).Read(ProtocolJson.Default.AnswerJson).Answer.Length);
        Assert.Equal((0, 1), (_gateway.Enclaves[0].Count("MakeMemberKey"), _gateway.Enclaves[1].Count("MakeMemberKey")));
        await group.JoinAsync(0);
        (await group.JoinAsync(1, group.Register(1, source: KeySource.Made), prefer: "wait=30")).Read(ProtocolJson.Default.StateJson);
        Assert.Equal("formed", await group.StateAsync());
        (await MakeAsync(group, 1)).IsProblem(HttpStatusCode.Conflict, ErrorCodes.SlotTaken);
    }

    [Fact]
    public async Task N02_for_every_other_key_place_and_group_there_is_nothing()
    {
        var (group, other) = (TestGroup.Make(_gateway), TestGroup.Make(_gateway));
        var absent = TestGroup.Make(_gateway);
        await group.CreateAsync();
        await other.CreateAsync();
        using var stranger = SecretKey.Generate();
        Answer[] refused =
        [
            await MakeAsync(group, 0, reader: group.Admissions[1]),
            await MakeAsync(group, 0, reader: group.Creator),
            await MakeAsync(group, 0, reader: group.Auths[0]),
            await MakeAsync(group, 0, reader: stranger),
            await MakeAsync(absent, 0),
            await MakeAsync(other, 0, path: group.Path),
            await MakeAsync(group, 0, user: Id16.Random()),
        ];
        Assert.All(refused, answer => answer.IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound));
        (await PostAsync(group, Binding(group, 0), null)).IsProblem(HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized);
        Assert.Equal(0, _gateway.Enclaves.Sum(enclave => enclave.Count("MakeMemberKey")));
        (await MakeAsync(group, 0)).Read(ProtocolJson.Default.AnswerJson);
    }

    [Fact]
    public async Task Bindings_that_contradict_the_manifest_are_refused_before_any_enclave_hears_of_them()
    {
        var group = TestGroup.Make(_gateway);
        await group.CreateAsync();
        var (user, auth) = (group.Manifest.Value.Participants[0].User, group.Auths[0].XOnlyPublicKey);
        byte[][] wrong =
        [
            MemberBinding.Of(group.Hash, user, 1, auth, true, KeySource.Made),
            MemberBinding.Of(group.Hash, user, null, auth, true, KeySource.Made),
            MemberBinding.Of(group.Hash, user, 0, auth, true, KeySource.Imported),
            MemberBinding.Of(group.Hash, user, 0, group.Creator.XOnlyPublicKey, true, KeySource.Made),
        ];
        foreach (var binding in wrong)
        {
            (await PostAsync(group, binding, group.Admissions[0])).IsProblem(HttpStatusCode.UnprocessableEntity, ErrorCodes.RegistrationInvalid);
        }
        (await PostAsync(group, [1, 2, 3], group.Admissions[0])).IsProblem(HttpStatusCode.BadRequest, ErrorCodes.StatementInvalid);
        Assert.Equal(0, _gateway.Enclaves.Sum(enclave => enclave.Count("MakeMemberKey")));
    }

    [Fact]
    public async Task An_erased_group_makes_no_keys()
    {
        var group = TestGroup.Make(_gateway);
        await group.CreateAsync();
        await _gateway.PostAsync(group.Path + "/erase", StatementSigner.Sign(new Erase { Manifest = group.Hash, Created = 1 }, group.Creator).Statement);
        (await MakeAsync(group, 0)).IsProblem(HttpStatusCode.Gone, ErrorCodes.Erased);
        using var stranger = SecretKey.Generate();
        (await MakeAsync(group, 0, reader: stranger)).IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound);
    }

    private static byte[] Binding(TestGroup group, int place, Id16? user = null) => MemberBinding.Of(
        group.Hash, user ?? group.Manifest.Value.Participants[place].User, group.Manifest.Value.Participants[place].Enclave, group.Auths[place].XOnlyPublicKey, false, KeySource.Made);

    private Task<Answer> MakeAsync(TestGroup group, int place, SecretKey? reader = null, string? path = null, Id16? user = null) =>
        PostAsync(group, Binding(group, place, user), reader ?? group.Admissions[place], path);

    private Task<Answer> PostAsync(TestGroup group, byte[] binding, SecretKey? reader, string? path = null) =>
        _gateway.PostAsync((path ?? group.Path) + "/make-key", new MakeKeyRequestJson(binding, new byte[114]), ProtocolJson.Default.MakeKeyRequestJson, reader: reader);
}
