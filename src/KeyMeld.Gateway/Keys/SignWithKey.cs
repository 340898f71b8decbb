using Google.Protobuf;
using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Keys;

/// <summary>POST /keys/{id}/sign: one call, one signature. Everything goes to the enclave with it and nothing is kept; its time and its sealed message are the enclave's to judge.</summary>
internal sealed class SignWithKey(GatewayParts parts)
{
    private const int MostSealedBytes = 1024;

    public static readonly Operation Operation = new("signWithKey", Tags.Keys, "Sign with a key")
    {
        Description = "One call, one signature: a `single-sign` statement of the key's auth with the sealed message it names. Nothing is kept; the same statement may be repeated within its lifetime, for the same message.",
        Access = Access.Statement,
        Parameters = [Parameter.Key],
        Body = new Body(ProtocolJson.Default.SingleSignRequestJson, BodyReader.StatementBody),
        Replies = [Reply.Ok(ProtocolJson.Default.AnswerJson, "The signature, encrypted for the caller.")],
        Errors =
        [
            .. Refusals.OfEnclave, .. Refusals.OfClock, .. Refusals.OfWindow, ErrorCodes.RequestInvalid, ErrorCodes.ItemsInvalid, ErrorCodes.EnvelopeMismatch, ErrorCodes.EnvelopeUnreadable, ErrorCodes.KeyReused,
            ErrorCodes.Erased,
        ],
    };

    public async Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var hash = Answers.HashOf(context, "id");
        var body = (await parts.Bodies.ReadAsync(context, ProtocolJson.Default.SingleSignRequestJson, BodyReader.StatementBody)).Value;
        var read = Signed.Read<SingleSign>(body.Request.ToStatement());
        var (record, request) = await OwnerGate.RequireAsync(parts, hash, read, read.Value.Key);
        if (record.IsErased)
        {
            throw OwnerGate.Erased();
        }
        if (body.Sealed.Length is 0 or > MostSealedBytes)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "sealed must hold one HPKE blob.");
        }
        if (Hash32.Sha256(body.Sealed) != request.Value.Sealed)
        {
            throw new KeyMeldException(ErrorCodes.ItemsInvalid, "The sealed message is not the one the request names.");
        }
        parts.Limits.Key(XOnlyPublicKey.Parse(record.Auth));
        var reply = await parts.Fleet.Get(EnclaveOf(record)).RequireReady().SingleSignAsync(
            new UntrustedSingleSign
            {
                Key = record.Statement!.ToWire(),
                KeySealed = UnsafeByteOperations.UnsafeWrap(record.Sealed!),
                Request = StoredStatement.From(request.Statement).ToWire(),
                Sealed = UnsafeByteOperations.UnsafeWrap(body.Sealed),
            },
            context.RequestAborted);
        await Answers.JsonAsync(context, StatusCodes.Status200OK, new AnswerJson(reply.Answer.ToByteArray()), ProtocolJson.Default.AnswerJson);
    }

    internal static uint EnclaveOf(KeyRecord record) => (uint)KeyStatement.Parse(record.Statement!.Statement).Enclave.Id;
}
