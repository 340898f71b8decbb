using System.Collections.Immutable;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.OpenApi;

/// <summary>Codes that calls have in common.</summary>
internal static class Refusals
{
    /// <summary>What stands between the gateway and an enclave that has to do the work.</summary>
    public static readonly ImmutableArray<string> OfEnclave =
    [
        ErrorCodes.EnclaveUnreachable, ErrorCodes.EnclaveLocked, ErrorCodes.EnclaveMismatch, ErrorCodes.KmsConfigMismatch, ErrorCodes.Busy, ErrorCodes.LimitExceeded,
    ];

    /// <summary>An enclave that decides by its clock may not know the time.</summary>
    public static readonly ImmutableArray<string> OfClock = [ErrorCodes.AttestationUnavailable, ErrorCodes.ClockSkewed];

    /// <summary>The request's own time (protocol.md section 6).</summary>
    public static readonly ImmutableArray<string> OfWindow = [ErrorCodes.NotYetValid, ErrorCodes.Expired];

    /// <summary>Every code the call may answer.</summary>
    public static IReadOnlySet<string> Of(Operation operation)
    {
        var codes = new SortedSet<string>(StringComparer.Ordinal) { ErrorCodes.BadRequest, ErrorCodes.NotFound, ErrorCodes.RateLimited, ErrorCodes.Internal, ErrorCodes.StorageFailed };
        if (operation.Body is { } body)
        {
            codes.UnionWith([ErrorCodes.MediaTypeUnsupported, ErrorCodes.PayloadTooLarge, ErrorCodes.Timeout]);
            if (body.MostBytes > Http.BodyReader.LargeBytes)
            {
                codes.Add(ErrorCodes.Unavailable);
            }
        }
        if (operation.Access is Access.Statement or Access.StatementOrReader)
        {
            codes.Add(ErrorCodes.StatementInvalid);
            codes.Add(ErrorCodes.LimitExceeded);
        }
        if (operation.Access is Access.Reader or Access.StatementOrReader or Access.Operator)
        {
            codes.Add(ErrorCodes.Unauthorized);
        }
        codes.UnionWith(operation.Errors);
        return codes;
    }
}
