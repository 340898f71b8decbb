using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>GET /keygen/{group}.</summary>
internal static class KeygenFetch
{
    // Terms up to 1 MiB, a hundred registrations, a manifest, all in base64.
    private const int AnswerBytes = 2 * (Limits.TermsBytes + ((Limits.Participants + 1) * 4096) + Limits.StatementBytes);

    public static async Task<KeygenJson> GetAsync(GatewayTransport transport, Hash32 group, SecretKey reader, int wait, CancellationToken cancellationToken)
    {
        var call = new GatewayCall<KeygenJson>(HttpMethod.Get, GatewayTargets.Group(group), ProtocolJson.Default.KeygenJson) { Reader = reader, Wait = wait, MostBytes = AnswerBytes };
        var answer = await transport.SendAsync(call, cancellationToken).ConfigureAwait(false);
        return answer.Group == group ? answer : throw GatewayAnswer.Invalid($"it is about the group {answer.Group}, not {group}");
    }

    public static GroupState State(string state) => state switch
    {
        "joining" => GroupState.Joining,
        "formed" => GroupState.Formed,
        "failed" => GroupState.Failed,
        "expired" => GroupState.Expired,
        "erased" => GroupState.Erased,
        _ => throw GatewayAnswer.Invalid($"it has the state '{UntrustedText.Show(state)}'"),
    };

    /// <summary>The code the gateway gives for a failure; one it made up becomes <c>internal</c>.</summary>
    public static string? Error(KeygenJson answer) => answer.Error is null ? null : ErrorCodes.IsKnown(answer.Error) ? answer.Error : ErrorCodes.Internal;

    /// <summary>Throws when the group will never form.</summary>
    public static void RequireAlive(KeygenJson answer)
    {
        switch (State(answer.State))
        {
            case GroupState.Failed:
                var code = Error(answer) ?? ErrorCodes.Internal;
                throw new KeyMeldException(code, $"The gateway says that forming the group failed: {code}.");
            case GroupState.Expired:
                throw new KeyMeldException(ErrorCodes.JoinClosed, "The time to join ran out before everybody had joined.");
            case GroupState.Erased:
                throw new KeyMeldException(ErrorCodes.Erased, "The group was erased.");
        }
    }
}
