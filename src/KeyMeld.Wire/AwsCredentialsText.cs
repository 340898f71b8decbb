using Google.Protobuf;

namespace KeyMeld.Wire.V1;

/// <summary>Whatever prints a message that holds credentials, a log or a debugger, prints their type only.</summary>
public sealed partial class AwsCredentials : ICustomDiagnosticMessage
{
    /// <inheritdoc/>
    public string ToDiagnosticString() => nameof(AwsCredentials);
}
