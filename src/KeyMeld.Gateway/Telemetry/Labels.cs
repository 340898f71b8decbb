using System.Globalization;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Telemetry;

/// <summary>Values of labels. What is in no table becomes one that is, so that nobody can make more of them.</summary>
internal static class Labels
{
    /// <summary>An error code.</summary>
    public static string Code(string code) => ErrorCodes.IsKnown(code) ? code : ErrorCodes.Internal;

    /// <summary>The number of a configured enclave.</summary>
    public static string Of(uint enclave) => enclave.ToString(CultureInfo.InvariantCulture);
}
