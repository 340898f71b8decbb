using Amazon.KeyManagementService;
using KeyMeld.Attestation;

namespace KeyMeld.Cli.Doctor;

/// <summary>What the doctor was given, and what the checks so far found out; each leaves null what it could not.</summary>
internal sealed class Patient : IDisposable
{
    public required string ConfigFile { get; init; }

    /// <summary>The releases that should run, or null where that was not said.</summary>
    public required IReadOnlyList<Release>? Trusted { get; init; }

    public required string? DevelopmentRoot { get; init; }

    public required Uri? Gateway { get; init; }

    public required string? Emulator { get; init; }

    public GatewayFacts? Facts { get; set; }

    public AmazonKeyManagementServiceClient? Kms { get; set; }

    /// <summary>Whether KMS answered at all.</summary>
    public bool KmsAnswers { get; set; }

    /// <summary>Newest identity keys by enclave, of those that answered.</summary>
    public IReadOnlyDictionary<int, string?>? Announced { get; set; }

    public void Dispose() => Kms?.Dispose();
}

/// <summary>What the gateway's own check says of its configuration.</summary>
internal sealed record GatewayFacts(string Mode, Uri PublicUrl, string Storage, string Database, string KmsKeyId, IReadOnlyList<string> PreviousKmsKeyIds, Uri? KmsEndpoint, bool Attestation, IReadOnlyList<int> Enclaves)
{
    /// <summary>The region in the key's ARN; null for an alias.</summary>
    public string? Region => KmsKeyId.Split(':') is ["arn", _, "kms", { Length: > 0 } region, ..] ? region : null;
}
