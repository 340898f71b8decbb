using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>GET /signing/{D}, and the parts of its answer.</summary>
internal static class SigningFetch
{
    /// <summary>Items and result at the frame limit, in base64, with all approvals beside them.</summary>
    public const int AnswerBytes = 3 * Limits.FrameBytes;

    public static async Task<SigningJson> GetAsync(GatewayTransport transport, Hash32 request, SecretKey reader, int wait, CancellationToken cancellationToken)
    {
        var call = new GatewayCall<SigningJson>(HttpMethod.Get, GatewayTargets.Signing(request), ProtocolJson.Default.SigningJson) { Reader = reader, Wait = wait, MostBytes = AnswerBytes };
        var answer = await transport.SendAsync(call, cancellationToken).ConfigureAwait(false);
        return answer.Id == request ? answer : throw GatewayAnswer.Invalid($"it is about the signing {answer.Id}, not {request}");
    }

    public static SigningState State(string state) => state switch
    {
        "waiting" => SigningState.Waiting,
        "running" => SigningState.Running,
        "completed" => SigningState.Completed,
        "failed" => SigningState.Failed,
        "expired" => SigningState.Expired,
        "cancelled" => SigningState.Cancelled,
        "rejected" => SigningState.Rejected,
        _ => throw GatewayAnswer.Invalid($"it has the state '{UntrustedText.Show(state)}'"),
    };

    /// <summary>The code the gateway gives for a failure; one it made up becomes <c>internal</c>.</summary>
    public static string? Error(string? error) => error is null ? null : ErrorCodes.IsKnown(error) ? error : ErrorCodes.Internal;
}
