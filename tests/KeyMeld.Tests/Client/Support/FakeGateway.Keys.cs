using System.Text.Json;
using Google.Protobuf;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Enclave.Rounds;

namespace KeyMeld.Tests.Client.Support;

/// <summary>A single-signer key as the gateway has it.</summary>
internal sealed class FakeKey(Signed<KeyStatement> statement, ByteString stored, byte[] answer)
{
    public Signed<KeyStatement> Statement => statement;

    public ByteString Stored { get; set; } = stored;

    public byte[] Answer { get; set; } = answer;

    public bool Erased { get; set; }
}

/// <summary>Keys made by enclaves and keys of one owner: the enclaves' own desks answer.</summary>
internal sealed partial class FakeGateway
{
    public Dictionary<Hash32, FakeKey> Keys { get; } = [];

    /// <summary>Replaces what the enclave answers to a single-sign.</summary>
    public Func<SingleSignRequestJson, FakeKey, byte[]>? AnswerSign { get; set; }

    private HttpResponseMessage MakeMemberKey(SeenCall call, FakeGroup group, XOnlyPublicKey? reader)
    {
        var body = JsonSerializer.Deserialize(call.Body, ProtocolJson.Default.MakeKeyRequestJson)!;
        var member = KeyMeld.Protocol.Groups.PlacedMember.Parse(body.B);
        var place = member.RequireMadeFor(group.Manifest);
        if (!group.Manifest.Value.Participants[place].Admission.Equals(reader))
        {
            throw new KeyMeldException(ErrorCodes.NotFound, "There is no such group.");
        }
        var enclave = Host(group.Manifest.Value.Enclaves[member.Enclave!.Value]);
        var answer = enclave.Desk(clock).MakeMemberKeyAsync(new()
        {
            Manifest = group.Manifest.Statement.ToWire(),
            Binding = ByteString.CopyFrom(body.B),
            Sealed = ByteString.CopyFrom(body.Sealed),
        }).GetAwaiter().GetResult();
        return Send(new AnswerJson(answer.Answer.ToByteArray()), ProtocolJson.Default.AnswerJson);
    }

    private HttpResponseMessage PostKey(SeenCall call, XOnlyPublicKey? reader)
    {
        var body = JsonSerializer.Deserialize(call.Body, ProtocolJson.Default.KeyRequestJson)!;
        var statement = Signed.ParseKey(body.Key.ToStatement());
        var isNew = !Keys.TryGetValue(statement.Hash, out var key);
        if (key is null)
        {
            var reply = Host(statement.Value.Enclave).Desk(clock).AddAsync(new() { Key = statement.Statement.ToWire(), Sealed = ByteString.CopyFrom(body.Sealed) }).GetAwaiter().GetResult();
            key = new FakeKey(statement, reply.SelfSealed.IsEmpty ? ByteString.CopyFrom(body.Sealed) : reply.SelfSealed, reply.Answer.ToByteArray());
            Keys.Add(statement.Hash, key);
        }
        RequireNotErased(key);
        return Send(new KeyCreatedJson(statement.Hash, isNew || statement.Value.Auth.Equals(reader) ? key.Answer : null), ProtocolJson.Default.KeyCreatedJson, isNew ? 201 : 200);
    }

    private HttpResponseMessage ListKeys(XOnlyPublicKey? reader) => Send(
        new KeyListJson([.. Keys.Values.Where(key => !key.Erased && key.Statement.Value.Auth.Equals(reader)).Select(key => new KeyShownJson(key.Statement.Hash, SignedJson.Of(key.Statement.Statement), key.Answer))]),
        ProtocolJson.Default.KeyListJson);

    private HttpResponseMessage ChangeKey(SeenCall call, string id, string action)
    {
        var key = Keys.GetValueOrDefault(Hash32.Parse(id)) ?? throw new KeyMeldException(ErrorCodes.NotFound, "There is no such key.");
        if (action == "erase")
        {
            _ = Signed.Parse<KeyErase>(JsonSerializer.Deserialize(call.Body, ProtocolJson.Default.SignedJson)!.ToStatement(), key.Statement.Value.Auth, ErrorCodes.NotFound);
            key.Erased = true;
            return Send(new StateJson("erased"), ProtocolJson.Default.StateJson);
        }
        RequireNotErased(key);
        var body = JsonSerializer.Deserialize(call.Body, ProtocolJson.Default.SingleSignRequestJson)!;
        var answer = AnswerSign?.Invoke(body, key) ?? Sign(body, key);
        return Send(new AnswerJson(answer), ProtocolJson.Default.AnswerJson);
    }

    /// <summary>What the key's enclave answers.</summary>
    public byte[] Sign(SingleSignRequestJson body, FakeKey key) => Host(key.Statement.Value.Enclave).Desk(clock).SignAsync(new()
    {
        Key = key.Statement.Statement.ToWire(),
        KeySealed = key.Stored,
        Request = body.Request.ToStatement().ToWire(),
        Sealed = ByteString.CopyFrom(body.Sealed),
    }).GetAwaiter().GetResult().Answer.ToByteArray();

    private static void RequireNotErased(FakeKey key)
    {
        if (key.Erased)
        {
            throw new KeyMeldException(ErrorCodes.Erased, "It was erased.");
        }
    }
}
