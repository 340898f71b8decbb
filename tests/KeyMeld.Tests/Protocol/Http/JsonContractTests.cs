using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Protocol.Http;

public class JsonContractTests
{
    private static readonly SchnorrSignature Signature = SchnorrSignature.Parse(new byte[64]);
    private static readonly SignedJson Statement = new([1, 2, 3], [Signature]);

    [Fact]
    public void Requests_are_written_in_snake_case_hex_and_base64()
    {
        var hex = new string('0', 128);
        Assert.Equal(
            $$$"""{"manifest":{"statement":"AQID","signatures":["{{{hex}}}"]},"terms":"BA==","session_secrets":["BQ==","Bg=="]}""",
            JsonSerializer.Serialize(new KeygenRequestJson(Statement, [4], [[5], [6]]), ProtocolJson.Default.KeygenRequestJson));
        Assert.Equal($$$"""{"registration":{"statement":"AQID","signatures":["{{{hex}}}"]}}""", JsonSerializer.Serialize(new RegistrationRequestJson(Statement), ProtocolJson.Default.RegistrationRequestJson));
    }

    [Theory]
    [InlineData("""{"statement":"AQID"}""")]
    [InlineData("""{"statement":"AQID","signatures":null}""")]
    [InlineData("""{"statement":"AQID","signatures":[null]}""")]
    [InlineData("""{"statement":null,"signatures":[]}""")]
    [InlineData("""{"statement":"AQID","signatures":[],"more":1}""")]
    [InlineData("""{"statement":"AQID","statement":"AQID","signatures":[]}""")]
    [InlineData("""{"Statement":"AQID","signatures":[]}""")]
    [InlineData("""{"statement":"AQI","signatures":[]}""")]
    [InlineData("""{"statement":"AQID\n","signatures":[]}""")]
    [InlineData("""{"statement":"AQ ID","signatures":[]}""")]
    [InlineData("""{"statement":"AR==","signatures":[]}""")]
    [InlineData("""{"statement":"AQ-_","signatures":[]}""")]
    [InlineData("""{"statement":"\ud800","signatures":[]}""")]
    [InlineData("""{"statement":"AQID","signatures":["00"]}""")]
    [InlineData("""{"statement":[1],"signatures":[]}""")]
    [InlineData("""{"statement":"AQID","signatures":[],}""")]
    [InlineData("[]")]
    [InlineData("")]
    public void A_signed_object_of_any_other_form_is_refused(string json) => Assert.ThrowsAny<JsonException>(() => JsonSerializer.Deserialize(json, ProtocolJson.Default.SignedJson));

    [Fact]
    public void Null_among_the_entries_of_a_list_is_refused()
    {
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("""{"manifest":{"statement":"","signatures":[]},"terms":"","session_secrets":[null]}""", ProtocolJson.Default.KeygenRequestJson));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("""{"enclaves":[null]}""", ProtocolJson.Default.EnclaveListJson));
    }

    [Fact]
    public void Upper_case_hex_is_refused()
    {
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize($$"""{"group":"{{new string('A', 64)}}","state":"joining"}""", ProtocolJson.Default.KeygenCreatedJson));
        Assert.Equal("joining", JsonSerializer.Deserialize($$"""{"group":"{{new string('a', 64)}}","state":"joining"}""", ProtocolJson.Default.KeygenCreatedJson)!.State);
    }

    [Fact]
    public void Answers_may_grow_and_requests_may_not()
    {
        Assert.Equal("formed", JsonSerializer.Deserialize("""{"state":"formed","since":1}""", ProtocolJson.Default.StateJson)!.State);
        Assert.Equal("busy", JsonSerializer.Deserialize("""{"code":"busy","hint":{}}""", ProtocolJson.Default.ProblemJson)!.Code);
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("""{"b":"AQ==","sealed":"AQ==","more":1}""", ProtocolJson.Default.MakeKeyRequestJson));
    }

    [Fact]
    public void Every_contract_reads_back_what_it_wrote()
    {
        var hash = Hash32.Sha256([1]);
        using var key = SecretKey.Generate();
        var blob = new RoundBlobJson(1, [0, 2], Id16.Random(), hash, [9], Signature);
        Same(new KeygenRequestJson(Statement, [4], [[5]]), ProtocolJson.Default.KeygenRequestJson);
        Same(new KeygenCreatedJson(hash, "joining"), ProtocolJson.Default.KeygenCreatedJson);
        Same(new KeygenJson(hash, "formed", Statement, [1], [null, Statement], [new ReceiptJson(0, Signature)], "busy"), ProtocolJson.Default.KeygenJson);
        Same(new RegistrationRequestJson(Statement, [1]), ProtocolJson.Default.RegistrationRequestJson);
        Same(new StateJson("erased"), ProtocolJson.Default.StateJson);
        Same(new StateEventJson("failed", "busy"), ProtocolJson.Default.StateEventJson);
        Same(new SigningPostJson(Statement, [1]), ProtocolJson.Default.SigningPostJson);
        Same(new SigningPostedJson(hash, "completed", blob), ProtocolJson.Default.SigningPostedJson);
        Same(new SigningJson(hash, "completed", Statement, [1], [Statement], 1, blob), ProtocolJson.Default.SigningJson);
        Same(new EnclaveListJson([new EnclaveJson(0, "ready", Key: key.PublicKey)]), ProtocolJson.Default.EnclaveListJson);
        Same(new IdentityJson([1], [2]), ProtocolJson.Default.IdentityJson);
        Same(new ProblemJson("busy", 503), ProtocolJson.Default.ProblemJson);
        Same(new MakeKeyRequestJson([1], [2]), ProtocolJson.Default.MakeKeyRequestJson);
        Same(new AnswerJson([1]), ProtocolJson.Default.AnswerJson);
        Same(new KeyRequestJson(Statement, [2]), ProtocolJson.Default.KeyRequestJson);
        Same(new KeyCreatedJson(hash, [1]), ProtocolJson.Default.KeyCreatedJson);
        Same(new KeyCreatedJson(hash), ProtocolJson.Default.KeyCreatedJson);
        Same(new KeyListJson([new KeyShownJson(hash, Statement, [1])]), ProtocolJson.Default.KeyListJson);
        Same(new KeyShownJson(hash, Statement, [1]), ProtocolJson.Default.KeyShownJson);
        Same(new SingleSignRequestJson(Statement, [2]), ProtocolJson.Default.SingleSignRequestJson);
        Same(blob with { Tau = null }, ProtocolJson.Default.RoundBlobJson);
    }

    [Fact]
    public void A_round_blob_keeps_its_null_tau_and_names_a_node()
    {
        var envelope = new RoundBlobEnvelope(3, NodeId.Home(2), Id16.Random(), null, new byte[] { 1 }, Signature);
        var json = RoundBlobJson.Of(envelope);
        Assert.Contains("\"tau\":null", JsonSerializer.Serialize(json, ProtocolJson.Default.RoundBlobJson), StringComparison.Ordinal);
        var back = json.ToEnvelope();
        Assert.Equal((envelope.Attempt, envelope.Node, envelope.Boot, envelope.Tau), (back.Attempt, back.Node, back.Boot, back.Tau));
        RoundBlobJson[] wrong = [json with { Node = [2, 0] }, json with { Node = [0, -1] }, json with { Node = [0] }, json with { Node = [0, 1, 2] }, json with { Node = [] }, json with { Attempt = 0 }];
        Assert.All(wrong, one => Assert.Equal(ErrorCodes.StatementInvalid, Assert.Throws<KeyMeldException>(one.ToEnvelope).Code));
    }

    [Theory]
    [InlineData("wait=10", 10)]
    [InlineData("wait=31", 30)]
    [InlineData("WAIT = 5", 5)]
    [InlineData("respond-async, wait=7; foo=bar", 7)]
    [InlineData("wait=3, wait=9", 3)]
    [InlineData("wait=-1", 0)]
    [InlineData("wait=99999999999", 0)]
    [InlineData("wait", 0)]
    [InlineData("", 0)]
    [InlineData(null, 0)]
    public void A_preference_to_wait_is_read_as_RFC_7240_says(string? header, int seconds)
    {
        Assert.Equal(seconds, PreferWait.Parse([header]));
        Assert.Equal(12, PreferWait.Parse([PreferWait.Format(12)]));
    }

    private static void Same<T>(T value, JsonTypeInfo<T> type)
    {
        var json = ProtocolJson.Utf8(value, type);
        Assert.Equal(json, ProtocolJson.Utf8(JsonSerializer.Deserialize(json, type)!, type));
    }
}
