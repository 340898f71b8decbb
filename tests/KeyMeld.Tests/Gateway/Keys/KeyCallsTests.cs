using System.Net;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Keys;

/// <summary>The gateway's calls about keys of one owner, over HTTP, with enclaves that only count.</summary>
public sealed class KeyCallsTests : IAsyncLifetime
{
    private TestGateway _gateway = null!;

    public async ValueTask InitializeAsync() => _gateway = await TestGateway.StartAsync(enclaves: 1);

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Theory]
    [InlineData(KeySource.Imported)]
    [InlineData(KeySource.Made)]
    public async Task A_key_is_added_shown_listed_and_signs_with_what_was_stored_also_after_a_restart(KeySource source)
    {
        var key = new TestKey(_gateway, source);
        var posted = await key.PostAsync();
        Assert.Equal(HttpStatusCode.Created, posted.Status);
        var created = posted.Read(ProtocolJson.Default.KeyCreatedJson);
        Assert.Equal(key.Id, created.Id);

        await _gateway.StopGatewayAsync();
        await _gateway.StartGatewayAsync();
        await _gateway.WhenReadyAsync();
        var shown = (await _gateway.GetAsync(key.Path, key.Auth)).Read(ProtocolJson.Default.KeyShownJson);
        Assert.Equal((key.Id, SignedJson.Of(key.Statement.Statement)), (shown.Id, shown.Key));
        Assert.Equal(created.Answer, shown.Answer);
        var list = (await _gateway.GetAsync("/api/v1/keys", key.Auth)).Read(ProtocolJson.Default.KeyListJson);
        Assert.Equal(key.Id, Assert.Single(list.Keys).Id);

        var request = key.Request();
        Assert.Equal(93, (await key.SignAsync(request)).Read(ProtocolJson.Default.AnswerJson).Answer.Length);
        Assert.True(_gateway.Enclaves[0].SingleSigns.TryDequeue(out var seen));
        Assert.Equal([key.Statement.Bytes.ToArray(), request.Statement.Bytes.ToArray(), request.Wire], new[] { seen.Key.Statement.ToByteArray(), seen.Request.Statement.ToByteArray(), seen.Sealed.ToByteArray() });
        Assert.Equal(source == KeySource.Imported, seen.KeySealed.Span.SequenceEqual(key.Sealed));
        Assert.Equal(source == KeySource.Imported ? 146 : 61, seen.KeySealed.Length);
    }

    [Fact]
    public async Task A_repeated_statement_makes_nothing_and_tells_its_answer_to_its_auth_alone()
    {
        var key = new TestKey(_gateway, KeySource.Made);
        var first = await key.AddAsync();
        var repeated = await key.PostAsync(wire: new byte[1]);
        Assert.Equal((HttpStatusCode.OK, null), (repeated.Status, repeated.Read(ProtocolJson.Default.KeyCreatedJson).Answer));
        Assert.Equal(first.Answer, (await key.PostAsync(authorized: true)).Read(ProtocolJson.Default.KeyCreatedJson).Answer);
        Assert.Equal(1, _gateway.Enclaves[0].Count("AddKey"));
    }

    [Fact]
    public async Task A_made_key_posted_many_times_at_once_is_made_once()
    {
        var key = new TestKey(_gateway, KeySource.Made);
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => key.PostAsync(authorized: true)));
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Single(answers.Select(answer => Convert.ToHexString(answer.Read(ProtocolJson.Default.KeyCreatedJson).Answer!)).Distinct());
        Assert.Equal(1, _gateway.Enclaves[0].Count("AddKey"));
    }

    [Fact]
    public async Task The_same_key_id_within_one_auth_with_other_bytes_is_a_conflict()
    {
        var key = new TestKey(_gateway);
        await key.AddAsync();
        var other = new TestKey(_gateway, KeySource.Made, key.Auth, key.Values.Key);
        (await other.PostAsync()).IsProblem(HttpStatusCode.Conflict, ErrorCodes.Conflict);
        await new TestKey(_gateway, id: key.Values.Key).AddAsync();
        await new TestKey(_gateway, auth: key.Auth).AddAsync();
        Assert.Equal(2, (await _gateway.GetAsync("/api/v1/keys", key.Auth)).Read(ProtocolJson.Default.KeyListJson).Keys.Count);
    }

    [Fact]
    public async Task What_the_enclave_refuses_is_not_stored_and_can_be_posted_again()
    {
        var key = new TestKey(_gateway);
        _gateway.Enclaves[0].FailFirst("AddKey", 1, ErrorCodes.EnvelopeUnreadable);
        (await key.PostAsync()).IsProblem(HttpStatusCode.UnprocessableEntity, ErrorCodes.EnvelopeUnreadable);
        (await key.SignAsync()).IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound);
        await key.AddAsync();
    }

    [Fact]
    public async Task Statements_that_do_not_verify_or_name_another_blob_or_enclave_are_refused()
    {
        var key = new TestKey(_gateway);
        using var thief = SecretKey.Generate();
        (await key.PostAsync(statement: StatementSigner.Sign(key.Values, thief))).IsProblem(HttpStatusCode.BadRequest, ErrorCodes.StatementInvalid);
        (await key.PostAsync(wire: new byte[146])).IsProblem(HttpStatusCode.UnprocessableEntity, ErrorCodes.EnvelopeMismatch);
        (await key.PostAsync(wire: new byte[1000])).IsProblem(HttpStatusCode.BadRequest, ErrorCodes.BadRequest);
        var elsewhere = StatementSigner.Sign(key.Values with { Enclave = key.Values.Enclave with { Id = 9 } }, key.Auth);
        (await key.PostAsync(statement: elsewhere)).IsProblem(HttpStatusCode.UnprocessableEntity, ErrorCodes.EnclaveMismatch);
        await key.AddAsync();
        var request = key.Request();
        (await key.SignAsync((request.Statement, new byte[180]))).IsProblem(HttpStatusCode.UnprocessableEntity, ErrorCodes.ItemsInvalid);
        (await _gateway.PostTextAsync("/api/v1/keys", "{}")).IsProblem(HttpStatusCode.BadRequest, ErrorCodes.BadRequest);
        (await _gateway.PostTextAsync(key.Path + "/sign", "{\"request\":1}")).IsProblem(HttpStatusCode.BadRequest, ErrorCodes.BadRequest);
        (await _gateway.GetAsync("/api/v1/keys/zz", key.Auth)).IsProblem(HttpStatusCode.BadRequest, ErrorCodes.BadRequest);
    }

    [Fact]
    public async Task An_erased_key_is_gone_for_its_owner_and_its_enclave_and_does_not_come_back()
    {
        var key = new TestKey(_gateway);
        await key.AddAsync();
        var erase = key.Erasure();
        Assert.Equal("erased", (await key.EraseAsync(erase)).Read(ProtocolJson.Default.StateJson).State);
        Assert.Equal(key.Id.ToArray(), Assert.Single(_gateway.Enclaves[0].ForgottenKeys).ToByteArray());

        Assert.Equal("erased", (await key.EraseAsync(erase)).Read(ProtocolJson.Default.StateJson).State);
        (await key.PostAsync()).IsProblem(HttpStatusCode.Gone, ErrorCodes.Erased);
        (await key.PostAsync(authorized: true)).IsProblem(HttpStatusCode.Gone, ErrorCodes.Erased);
        (await key.SignAsync()).IsProblem(HttpStatusCode.Gone, ErrorCodes.Erased);
        (await _gateway.GetAsync(key.Path, key.Auth)).IsProblem(HttpStatusCode.Gone, ErrorCodes.Erased);
        Assert.Empty((await _gateway.GetAsync("/api/v1/keys", key.Auth)).Read(ProtocolJson.Default.KeyListJson).Keys);
        Assert.Equal(0, _gateway.Enclaves[0].Count("SingleSign"));
        await new TestKey(_gateway).AddAsync();
    }

    [Fact]
    public async Task A_key_is_erased_while_its_enclave_is_away()
    {
        var key = new TestKey(_gateway);
        await key.AddAsync();
        await _gateway.Enclaves[0].CrashAsync();
        Assert.Equal("erased", (await key.EraseAsync()).Read(ProtocolJson.Default.StateJson).State);
        await _gateway.Enclaves[0].StartAsync();
        (await key.SignAsync()).IsProblem(HttpStatusCode.Gone, ErrorCodes.Erased);
    }

    [Fact]
    public async Task N02_absent_and_foreign_keys_are_answered_alike_everywhere()
    {
        var (mine, foreign) = (new TestKey(_gateway), new TestKey(_gateway));
        var erased = new TestKey(_gateway);
        await foreign.AddAsync();
        await erased.AddAsync();
        await erased.EraseAsync();
        var absent = Hash32.Sha256("nobody's"u8);
        foreach (var hash in (Hash32[])[absent, foreign.Id, erased.Id])
        {
            var path = $"/api/v1/keys/{hash}";
            Answer[] answers =
            [
                await _gateway.GetAsync(path, mine.Auth),
                await mine.SignAsync(mine.Request(key: hash), path + "/sign"),
                await mine.EraseAsync(mine.Erasure(key: hash), path + "/erase"),
                // A statement that is right, for another key than the path's.
                await foreign.SignAsync(foreign.Request(key: mine.Id), path + "/sign"),
                await foreign.EraseAsync(foreign.Erasure(key: mine.Id), path + "/erase"),
            ];
            Assert.All(answers, answer => answer.IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound));
            Assert.Single(answers.Select(Detail).Distinct());
        }
        // Another key's request on the right path changes nothing either.
        (await foreign.EraseAsync(mine.Erasure(key: foreign.Id))).IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound);
        (await _gateway.GetAsync(foreign.Path)).IsProblem(HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized);
        (await _gateway.GetAsync("/api/v1/keys")).IsProblem(HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized);
        Assert.Empty((await _gateway.GetAsync("/api/v1/keys", mine.Auth)).Read(ProtocolJson.Default.KeyListJson).Keys);
        Assert.Equal(0, _gateway.Enclaves[0].Count("SingleSign"));
        await foreign.SignAsync();
        Assert.Equal(1, _gateway.Enclaves[0].Count("SingleSign"));
    }

    [Fact]
    public async Task N01_an_authorization_is_for_one_call_and_one_key()
    {
        var key = new TestKey(_gateway);
        await key.AddAsync();
        var header = _gateway.Authorize(HttpMethod.Get, key.Path, [], key.Auth);
        Task<Answer> GetAsync(string path) => _gateway.SendAsync(HttpMethod.Get, path, [], null, null, header);
        (await GetAsync("/api/v1/keys")).IsProblem(HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized);
        (await GetAsync(key.Path)).Read(ProtocolJson.Default.KeyShownJson);
        (await GetAsync(key.Path)).IsProblem(HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized);
    }

    [Fact]
    public async Task An_enclave_that_is_away_or_fails_is_told_and_the_same_request_works_later()
    {
        var key = new TestKey(_gateway);
        await key.AddAsync();
        var request = key.Request();
        await _gateway.Enclaves[0].CrashAsync();
        (await key.SignAsync(request)).IsProblem(HttpStatusCode.ServiceUnavailable, ErrorCodes.EnclaveUnreachable);
        await _gateway.Enclaves[0].StartAsync();
        await _gateway.Parts.Fleet.Get(0).WhenReadyAgainAsync(TestContext.Current.CancellationToken);
        (await key.SignAsync(request)).Read(ProtocolJson.Default.AnswerJson);
        _gateway.Enclaves[0].FailFirst("SingleSign", 1, ErrorCodes.Expired);
        (await key.SignAsync(request)).IsProblem(HttpStatusCode.Conflict, ErrorCodes.Expired);
    }

    private static string Detail(Answer answer) =>
        System.Text.Json.JsonSerializer.Deserialize(answer.Body, ProtocolJson.Default.ProblemJson)!.Detail!;
}
