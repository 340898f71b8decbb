using System.Text.Json;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Client.Support;

/// <summary>A signing with what its enclaves know of it.</summary>
internal sealed class FakeSigning(FakeGroup group, VerifiedRequest request, byte[] items)
{
    public FakeGroup Group => group;

    public VerifiedRequest Request => request;

    public byte[] Items { get; set; } = items;

    public List<SignedJson> Approvals { get; } = [];

    public string State { get; set; } = "waiting";

    public RoundBlobEnvelope? Result { get; set; }

    public bool IsFinal => State is not ("waiting" or "running");
}

internal sealed partial class FakeGateway
{
    /// <summary>What the enclaves make of an item in place of signing it.</summary>
    public Func<SigningItem, ItemResult?>? Spoil { get; set; }

    /// <summary>Signs every item with all members' keys, as the rounds would.</summary>
    public void Run(FakeSigning signing, int enclave = 0)
    {
        var results = signing.Request.Items.Select((item, index) => Spoil?.Invoke(item)
            ?? (item.Adaptor is null ? new ItemResult.Completed(item.Item, Sign(signing, index)) : (ItemResult)new ItemResult.PreSigned(item.Item, Sign(signing, index)))).ToList();
        var host = Host(signing.Group.Manifest.Value.Enclaves[enclave]);
        signing.Result = SignedResult.Seal(
            signing.Request,
            new SessionCipher(signing.Group.Session, signing.Group.Manifest.Digest),
            results,
            1,
            enclave,
            Id16.Random(),
            Hash32.Sha256("round1"u8),
            host.StatementOf(signing.Group.Manifest.Value.Enclaves[enclave].Key));
        signing.State = "completed";
    }

    private static SchnorrSignature Sign(FakeSigning signing, int index)
    {
        var keys = signing.Request.KeysOf(index);
        var message = signing.Request.Items[index].Message.ToArray();
        var nonces = signing.Request.SignersOf(index).Select(signer =>
        {
            var secret = SecretNonce.Generate(signing.Group.Members[signer]!, keys, message, new byte[32], out var nonce);
            return (Key: signing.Group.Members[signer]!, Secret: secret, Public: nonce);
        }).ToList();
        var aggregate = AggregateNonce.Aggregate([.. nonces.Select(nonce => nonce.Public)]);
        var session = SigningSession.Create(signing.Request.Items[index].Adaptor is { } point ? aggregate.WithAdaptor(point) : aggregate, message, keys);
        return session.Aggregate([.. nonces.Select(nonce => session.Sign(nonce.Secret, nonce.Key))]);
    }

    private HttpResponseMessage PostSigning(SeenCall call)
    {
        var body = JsonSerializer.Deserialize(call.Body, ProtocolJson.Default.SigningPostJson)!;
        var read = Signed.Read<SigningRequest>(body.Request.ToStatement());
        if (!Signings.TryGetValue(read.Digest, out var signing))
        {
            var group = Groups.Values.Single(candidate => candidate.Roster?.RosterHash == read.Value.Roster);
            signing = new FakeSigning(group, RequestVerifier.Verify(group.Roster!, body.Request.ToStatement(), body.Items, group.Session), body.Items);
            Signings.Add(read.Digest, signing);
            Proceed(signing);
        }
        else if (!call.IsAuthorized)
        {
            return Send(new SigningPostedJson(read.Digest, signing.State), ProtocolJson.Default.SigningPostedJson, 201);
        }
        Hold(call, () => signing.IsFinal);
        return Send(new SigningPostedJson(read.Digest, signing.State, ToJson(signing.Result)), ProtocolJson.Default.SigningPostedJson, 201);
    }

    private HttpResponseMessage ShowSigning(SeenCall call, FakeSigning signing, XOnlyPublicKey? reader)
    {
        RequireReader(signing.Group, reader);
        Hold(call, () => signing.IsFinal);
        var answer = new SigningJson(
            signing.Request.Digest, signing.State, SignedJson.Of(signing.Request.Request.Statement), signing.Items, [.. signing.Approvals], signing.Result is null ? 0 : 1, ToJson(signing.Result));
        return Send(answer, ProtocolJson.Default.SigningJson);
    }

    private HttpResponseMessage ChangeSigning(SeenCall call, FakeSigning signing, string action)
    {
        var statement = JsonSerializer.Deserialize(call.Body, ProtocolJson.Default.SignedJson)!;
        if (action == "cancel")
        {
            Signed.Parse<Cancel>(statement.ToStatement(), signing.Request.Requester, ErrorCodes.NotFound);
            signing.State = "cancelled";
        }
        else
        {
            ApprovalRule.Of(signing.Group.Roster!).Read(signing.Request.Digest, statement.ToStatement());
            if (!signing.Approvals.Contains(statement))
            {
                signing.Approvals.Add(statement);
                Proceed(signing);
            }
        }
        return Send(new StateJson(signing.State), ProtocolJson.Default.StateJson);
    }

    private void Proceed(FakeSigning signing)
    {
        var rule = ApprovalRule.Of(signing.Group.Roster!);
        switch (rule.Evaluate(signing.Request.Request, signing.Approvals.Select(approval => rule.Read(signing.Request.Digest, approval.ToStatement()))))
        {
            case ApprovalState.Complete:
                Run(signing);
                break;
            case ApprovalState.Rejected:
                signing.State = "rejected";
                break;
        }
    }

    private static RoundBlobJson? ToJson(RoundBlobEnvelope? blob) =>
        blob is null ? null : new RoundBlobJson(blob.Attempt, [(int)blob.Node.Kind, blob.Node.Index], blob.Boot, blob.Tau, blob.Blob.ToArray(), blob.Signature);
}
