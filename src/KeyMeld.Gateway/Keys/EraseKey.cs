using Google.Protobuf;
using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Keys;

/// <summary>POST /keys/{id}/erase: first out of the database, so that nothing new begins with it, then out of the enclave's memory (protocol.md section 8).</summary>
internal sealed class EraseKey(GatewayParts parts)
{
    private const string Erased = "erased";

    public static readonly Operation Operation = new("eraseKey", Tags.Keys, "Erase a key")
    {
        Description = "A `key-erase` statement of the key's auth. An erased key does not come back, and its statement is not taken again.",
        Access = Access.Statement,
        Parameters = [Parameter.Key],
        Body = new Body(ProtocolJson.Default.SignedJson, BodyReader.StatementBody),
        Replies = [Reply.Ok(ProtocolJson.Default.StateJson, "`erased`, now or before.")],
    };

    public async Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var hash = Answers.HashOf(context, "id");
        var read = Signed.Read<KeyErase>((await parts.Bodies.ReadAsync(context, ProtocolJson.Default.SignedJson, BodyReader.StatementBody)).Value.ToStatement());
        var (record, erase) = await OwnerGate.RequireAsync(parts, hash, read, read.Value.Key);
        if (!record.IsErased)
        {
            parts.Limits.Key(XOnlyPublicKey.Parse(record.Auth));
        }
        if (!record.IsErased && await parts.KeyStore.EraseAsync(hash, erase.Hash))
        {
            await ForgetAsync(SignWithKey.EnclaveOf(record), new UntrustedForgetKey { Key = ByteString.CopyFrom(hash.Bytes) });
        }
        await Answers.JsonAsync(context, StatusCodes.Status200OK, new StateJson(Erased), ProtocolJson.Default.StateJson);
    }

    // An enclave that is away now has nothing in memory when it comes back.
    private async Task ForgetAsync(uint enclave, UntrustedForgetKey forget)
    {
        if (parts.Fleet.Find(enclave) is not { View.IsReady: true } link)
        {
            return;
        }
        try
        {
            await link.Calls.ForgetKeyAsync(forget, CancellationToken.None);
        }
        catch (KeyMeldException exception) when (exception.Code == ErrorCodes.EnclaveUnreachable)
        {
        }
    }
}
