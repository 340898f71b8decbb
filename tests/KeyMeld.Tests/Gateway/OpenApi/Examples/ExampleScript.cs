using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Gateway.OpenApi.Examples;

/// <summary>The story the examples tell: one group of a hosted member and one at home, a signing, a key. Each call uses what came back before.</summary>
internal sealed class ExampleScript(ExampleGateway example, Func<ExampleStep, ExampleStep, Task> after)
{
    private const string GatewayId = "817bf0fd646ae1e08d92eb5b73a58e4e";

    private readonly List<ExampleStep> _steps = [];
    private readonly SecretKey _creator = ExampleKeys.Key("creator");
    private readonly SecretKey[] _admissions = [ExampleKeys.Key("admission 0"), ExampleKeys.Key("admission 1")];
    private readonly SecretKey[] _auths = [ExampleKeys.Key("auth 0"), ExampleKeys.Key("auth 1")];

    /// <summary>Tells the story; after each step <paramref name="after"/> is called with it and with the same call authorised anew.</summary>
    public static async Task<IReadOnlyList<ExampleStep>> RunAsync(ExampleGateway example, Func<ExampleStep, ExampleStep, Task>? after = null)
    {
        var script = new ExampleScript(example, after ?? ((_, _) => Task.CompletedTask));
        await script.EnclavesAsync();
        await script.GroupAsync();
        await script.KeysAsync();
        await script.HealthAsync();
        await script.RefusalsAsync();
        return script._steps;
    }

    private async Task EnclavesAsync()
    {
        await GetAsync("listEnclaves", "oneReady", "One enclave, ready", "/api/v1/enclaves");
        await GetAsync("showIdentity", "identity", "Identity and attestation", $"/api/v1/enclaves/0/identity?nonce={Hash32.Sha256("a nonce"u8)}");
    }

    private async Task GroupAsync()
    {
        var manifest = Manifest("group");
        var path = $"/api/v1/keygen/{manifest.Digest}";
        var terms = ExampleKeys.Wire("terms", 60);
        var create = Json(new KeygenRequestJson(SignedJson.Of(manifest.Statement), terms, [ExampleKeys.Wire("session secret", 114)]), ProtocolJson.Default.KeygenRequestJson);
        await PostAsync("createGroup", "created", "A new group of two", "/api/v1/keygen", create);
        await PostAsync("createGroup", "repeated", "The same manifest again", "/api/v1/keygen", create);

        var binding = MemberBinding.Of(manifest.Digest, ExampleKeys.Id("user 0"), 0, _auths[0].XOnlyPublicKey, true, KeySource.Made);
        var make = Json(new MakeKeyRequestJson(binding, ExampleKeys.Wire("response secret", 114)), ProtocolJson.Default.MakeKeyRequestJson);
        await PostAsync("makeMemberKey", "made", "A key for place 0", path + "/make-key", make, _admissions[0]);

        var envelope = ExampleKeys.Wire("envelope 0", 61);
        var first = Register(manifest, 0, KeySource.Made, envelope);
        var join = Json(new RegistrationRequestJson(SignedJson.Of(first.Statement), envelope), ProtocolJson.Default.RegistrationRequestJson);
        await PostAsync("joinGroup", "hosted", "A member whose key its enclave made", path + "/participants", join);
        await PostAsync("joinGroup", "repeated", "The same registration again", path + "/participants", join);
        var second = Register(manifest, 1, KeySource.Home, null);
        var last = Json(new RegistrationRequestJson(SignedJson.Of(second.Statement)), ProtocolJson.Default.RegistrationRequestJson);
        await PostAsync("joinGroup", "atHome", "The last member, who signs at home, waits until the group is formed", path + "/participants", last, prefer: "wait=30");

        var shown = await GetAsync("showGroup", "formed", "A formed group", path, _creator);
        await GetAsync("watchGroup", "formed", "The end, told to somebody who knew that one had joined", path + "/events", _creator, ("Last-Event-ID", "joining-1"));
        await SigningAsync(RosterHash.Of(manifest.Digest, [first.Hash, second.Hash]));

        var erase = ExampleKeys.Sign(new Erase { Manifest = manifest.Digest, User = ExampleKeys.Id("user 0"), Created = example.NowMs }, _auths[0]);
        await PostAsync("eraseGroup", "own", "A member erases its own key", path + "/erase", Signed(erase.Statement));
        Assert.NotNull(shown.Answer);
    }

    private async Task SigningAsync(Hash32 roster)
    {
        var items = ExampleKeys.Wire("items", 200);
        var request = Request(roster, "signing", items);
        var path = $"/api/v1/signing/{request.Digest}";
        var post = Json(new SigningPostJson(SignedJson.Of(request.Statement), items), ProtocolJson.Default.SigningPostJson);
        await PostAsync("requestSigning", "waiting", "A request that waits for an approval", "/api/v1/signing", post);
        await PostAsync("requestSigning", "repeated", "The same request again", "/api/v1/signing", post);
        var approval = ExampleKeys.Sign(new Approval { Request = request.Digest, User = ExampleKeys.Id("user 0"), Decision = Decision.Approve, Created = example.NowMs }, _auths[0]);
        await PostAsync("decideSigning", "approved", "The approval that was missing", path + "/approvals", Signed(approval.Statement));
        await GetAsync("showRounds", "round1", "Public nonces are due", path + "/rounds", _auths[1], ("Prefer", "wait=30"));
        await OverviewAsync();
        await PostAsync("takeRound", "round1", "Public nonces", path + "/rounds", Blob(roster, request.Digest, null));
        var due = await GetAsync("showRounds", "round2", "Partial signatures are due", path + "/rounds", _auths[1], ("Prefer", "wait=30"));
        var tau = Round1Set.Tau([.. due.Answer!.Deserialize(ProtocolJson.Default.RoundsJson)!.Round1!.Select(blob => Hash32.Sha256(blob.Blob))]);
        await PostAsync("takeRound", "round2", "Partial signatures", path + "/rounds", Blob(roster, request.Digest, tau));
        await GetAsync("showSigning", "completed", "A completed signing", path, _creator, ("Prefer", "wait=30"));
        await GetAsync("watchSigning", "completed", "The end of a signing", path + "/events", _auths[0]);

        var other = Request(roster, "regretted", items);
        await PostAsync("requestSigning", "another", "A request that will be cancelled", "/api/v1/signing", Json(new SigningPostJson(SignedJson.Of(other.Statement), items), ProtocolJson.Default.SigningPostJson));
        var cancel = ExampleKeys.Sign(new Cancel { Request = other.Digest, Created = example.NowMs }, _auths[0]);
        await PostAsync("cancelSigning", "cancelled", "By its requester", $"/api/v1/signing/{other.Digest}/cancel", Signed(cancel.Statement));
        var late = ExampleKeys.Sign(new Approval { Request = other.Digest, User = ExampleKeys.Id("user 0"), Decision = Decision.Approve, Created = example.NowMs }, _auths[0]);
        await PostAsync("decideSigning", "tooLate", "An approval of what was cancelled", $"/api/v1/signing/{other.Digest}/approvals", Signed(late.Statement));
    }

    private async Task KeysAsync()
    {
        var owner = ExampleKeys.Key("owner");
        var secret = ExampleKeys.Wire("imported key", 146);
        var statement = ExampleKeys.Sign(
            new KeyStatement
            {
                Key = ExampleKeys.Id("key"),
                User = ExampleKeys.Id("owner"),
                Auth = owner.XOnlyPublicKey,
                Enclave = example.Enclave.Keys,
                Source = KeySource.Imported,
                Envelope = Hash32.Sha256(secret),
                Created = example.NowMs,
            },
            owner);
        var path = $"/api/v1/keys/{statement.Hash}";
        var add = Json(new KeyRequestJson(SignedJson.Of(statement.Statement), secret), ProtocolJson.Default.KeyRequestJson);
        await PostAsync("addKey", "imported", "A key is imported", "/api/v1/keys", add);
        await PostAsync("addKey", "repeated", "The same statement again, by its owner", "/api/v1/keys", add, owner);
        await GetAsync("listKeys", "one", "The caller's only key", "/api/v1/keys", owner);
        await GetAsync("showKey", "imported", "A key of the caller", path, owner);
        var message = ExampleKeys.Wire("message", 180);
        var sign = ExampleKeys.Sign(
            new SingleSign
            {
                Key = statement.Hash,
                Request = ExampleKeys.Id("single"),
                Created = example.NowMs,
                Expires = example.NowMs + 600_000,
                Algorithm = SingleSignAlgorithm.Bip340,
                Sealed = Hash32.Sha256(message),
            },
            owner);
        await PostAsync("signWithKey", "bip340", "One signature", path + "/sign", Json(new SingleSignRequestJson(SignedJson.Of(sign.Statement), message), ProtocolJson.Default.SingleSignRequestJson));
        var erase = ExampleKeys.Sign(new KeyErase { Key = statement.Hash, Created = example.NowMs }, owner);
        await PostAsync("eraseKey", "erased", "The owner erases it", path + "/erase", Signed(erase.Statement));
        await GetAsync("showKey", "erased", "A key that was erased", path, owner);
    }

    private async Task HealthAsync()
    {
        await LookAsync("healthDetail", "oneReady", "One enclave, ready", "/api/v1/health/detail", Varying.Of(("/gateway/id", GatewayId)));
        await LookAsync("metrics", "some", "A few of the metrics", "/metrics", Varying.Only(
            "keymeld_signings_total", "keymeld_groups_total", "keymeld_group_joins_total", "keymeld_enclave_state", "keymeld_enclave_key_epoch", "keymeld_enclave_nonces_used_total"));
        await GetAsync("healthLive", "live", "It lives", "/api/v1/health/live");
        await GetAsync("healthReady", "ready", "It can sign", "/api/v1/health/ready");
        await GetAsync("healthWhole", "ready", "It can sign for everybody", "/api/v1/health/whole");
        await PostAsync("changeKeys", "exists", "A first key is not made twice", "/api/v1/operator/enclaves/0/genesis", new JsonObject(), authorization: "Bearer " + ExampleGateway.OperatorToken);
        await PostAsync("retireEnclave", "inUse", "An enclave that is configured is not gone", "/api/v1/operator/enclaves/0/retire", new JsonObject(), authorization: "Bearer " + ExampleGateway.OperatorToken);
        await PostAsync("retireEnclave", "undone", "The word is taken back; it may never have been given", "/api/v1/operator/enclaves/0/retire", new JsonObject { ["undo"] = true }, authorization: "Bearer " + ExampleGateway.OperatorToken);
        await PostAsync("changeKeys", "dryRun", "Whether a rotation would work", "/api/v1/operator/enclaves/0/rotate", new JsonObject { ["dry_run"] = true }, authorization: "Bearer " + ExampleGateway.OperatorToken);
    }

    private Task OverviewAsync() => LookAsync("operatorOverview", "inFlight", "One signing, which waits for a member at home", "/api/v1/operator/overview", Varying.Of(
        ("/gateway/id", GatewayId), ("/gateway/version", "1.0.0"), ("/gateway/database/bytes", 151552),
        ("/last_hour/steps/*/latency/p50", 1.3), ("/last_hour/steps/*/latency/p90", 1.3), ("/last_hour/steps/*/latency/p99", 1.3), ("/last_hour/steps/*/latency/longest", 1.3)));

    private async Task RefusalsAsync()
    {
        var absent = Hash32.Sha256("nobody's"u8);
        await GetAsync("showGroup", "unauthorized", "Without an Authorization", $"/api/v1/keygen/{absent}");
        await GetAsync("showGroup", "absent", "What is not there, or not for this key", $"/api/v1/keygen/{absent}", _creator);
        await GetAsync("showIdentity", "badNonce", "A nonce that is none", "/api/v1/enclaves/0/identity?nonce=00");
        await PostAsync("addKey", "malformed", "A body with a member too much", "/api/v1/keys", new JsonObject { ["surprise"] = 1 });
    }

    private Signed<Manifest> Manifest(string word) => ExampleKeys.Sign(
        new Manifest
        {
            Created = example.NowMs,
            Creator = _creator.XOnlyPublicKey,
            Enclaves = [example.Enclave.Keys],
            Participants =
            [
                new Participant(ExampleKeys.Id("user 0"), _admissions[0].XOnlyPublicKey, 0),
                new Participant(ExampleKeys.Id("user 1"), _admissions[1].XOnlyPublicKey, null),
            ],
            Subsets = [],
            Approvals = new ApprovalPolicy([0], 1),
            Terms = Hash32.Sha256(ExampleKeys.Bytes(word, 32)),
        },
        _creator);

    private Signed<Registration> Register(Signed<Manifest> manifest, int place, KeySource source, byte[]? envelope) => ExampleKeys.Sign(
        new Registration
        {
            Manifest = manifest.Digest,
            User = manifest.Value.Participants[place].User,
            Auth = _auths[place].XOnlyPublicKey,
            Approval = place == 0,
            Source = source,
            MemberKey = ExampleKeys.Wire($"member key {place}", Registration.MemberKeySize),
            Envelope = envelope is null ? null : Hash32.Sha256(envelope),
        },
        _admissions[place],
        _auths[place]);

    private Signed<SigningRequest> Request(Hash32 roster, string word, byte[] items) => ExampleKeys.Sign(
        new SigningRequest
        {
            Roster = roster,
            Signing = ExampleKeys.Id(word),
            By = 0,
            Created = example.NowMs,
            Expires = example.NowMs + 600_000,
            Items = 1,
            Signers = [0, 1],
            Sealed = Hash32.Sha256(items),
        },
        _auths[0]);

    private JsonNode Blob(Hash32 roster, Hash32 request, Hash32? tau)
    {
        var (purpose, boot) = (tau is null ? Purposes.Round1 : Purposes.Round2, ExampleKeys.Id("boot at home"));
        var blob = ExampleKeys.Wire(purpose, 90);
        var signature = _auths[1].SignSchnorr(RoundBlobEnvelope.Digest(purpose, roster, request, 1, NodeId.Home(1), boot, tau, Hash32.Sha256(blob)).Bytes, new byte[32]);
        return Json(RoundBlobJson.Of(new RoundBlobEnvelope(1, NodeId.Home(1), boot, tau, blob, signature)), ProtocolJson.Default.RoundBlobJson);
    }

    private static JsonNode Json<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToNode(value, type)!;

    private static JsonNode Signed(SignedStatement statement) => Json(SignedJson.Of(statement), ProtocolJson.Default.SignedJson);

    private Task<ExampleStep> GetAsync(string operation, string name, string summary, string target, SecretKey? reader = null, params (string Name, string Value)[] headers) =>
        AddAsync(operation, name, summary, "GET", target, null, reader, null, headers);

    private Task<ExampleStep> PostAsync(string operation, string name, string summary, string target, JsonNode body, SecretKey? reader = null, string? prefer = null, string? authorization = null) =>
        AddAsync(operation, name, summary, "POST", target, body, reader, authorization, prefer is null ? [] : [("Prefer", prefer)]);

    // As an operator.
    private Task<ExampleStep> LookAsync(string operation, string name, string summary, string target, Varying varies) =>
        AddAsync(operation, name, summary, "GET", target, null, null, "Bearer " + ExampleGateway.OperatorToken, [], varies);

    private async Task<ExampleStep> AddAsync(
        string operation, string name, string summary, string method, string target, JsonNode? body, SecretKey? reader, string? authorization, (string Name, string Value)[] headers, Varying? varies = null)
    {
        authorization ??= reader is null ? null : ExampleKeys.Authorize(example.NowMs, method, target, ExampleStep.Bytes(body), reader, $"{operation} {name}");
        // What a problem names as its instance is then the same each time, too.
        var all = headers.Append(("X-Request-Id", $"{operation}.{name}")).ToDictionary(header => header.Item1, header => header.Item2);
        var step = await example.DoAsync(new ExampleStep(operation, name, summary, method, target, authorization, all, body, 0, null, null) { Varies = varies ?? Varying.Nothing });
        _steps.Add(step);
        await after(step, reader is null ? step : step with { Authorization = ExampleKeys.Authorize(example.NowMs, method, target, ExampleStep.Bytes(body), reader, $"{operation} {name} again") });
        return step;
    }
}
