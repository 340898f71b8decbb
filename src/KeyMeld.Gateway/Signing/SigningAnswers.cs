using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Signing;

/// <summary>What the calls about signings have in common.</summary>
internal static class SigningAnswers
{
    public static RoundBlobJson? Result(byte[]? stored) => stored is null ? null : Blob(RoundBlob.Parser.ParseFrom(stored));

    public static RoundBlobJson Blob(RoundBlob blob) => new(
        (int)blob.Attempt,
        [(int)blob.NodeKind, (int)blob.NodeIndex],
        new Id16(blob.Boot.Span),
        blob.Tau.IsEmpty ? null : new Hash32(blob.Tau.Span),
        blob.Blob.ToByteArray(),
        SchnorrSignature.Parse(blob.Signature.Span));

    public static bool IsFinal(SigningNews news) => news.State.IsFinal();

    public static Task StateAsync(HttpContext context, SigningState state) =>
        Answers.JsonAsync(context, StatusCodes.Status200OK, new StateJson(state.Word()), ProtocolJson.Default.StateJson);

    /// <summary>Why a signing that ended takes nothing more.</summary>
    public static KeyMeldException Closed(SigningState state) => state switch
    {
        SigningState.Rejected => new KeyMeldException(ErrorCodes.Rejected, "A member rejected this request."),
        SigningState.Cancelled => new KeyMeldException(ErrorCodes.Cancelled, "This request was cancelled."),
        SigningState.Expired => new KeyMeldException(ErrorCodes.Expired, "This request has expired."),
        _ => new KeyMeldException(ErrorCodes.Conflict, $"This request is {state.Word()} already."),
    };

    /// <summary>Whether a key may read a signing: whoever may read its group. Absent and foreign cost the same.</summary>
    public static async ValueTask<bool> MayReadAsync(GatewayParts parts, Hash32 request, XOnlyPublicKey key)
    {
        var group = await parts.SigningStore.GroupOfAsync(request);
        return await parts.GroupStore.HasReaderAsync(group ?? default, key.Bytes) && group is not null;
    }
}
