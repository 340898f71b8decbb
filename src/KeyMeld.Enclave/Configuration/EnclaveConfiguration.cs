using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Wire.Kms;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.Transport.Vsock;

namespace KeyMeld.Enclave.Configuration;

/// <summary>The measured configuration file (protocol.md section 3). Nothing else configures an enclave.</summary>
public sealed record EnclaveConfiguration(EnclaveMode Mode, KmsConfiguration Kms, LimitsConfiguration Limits)
{
    /// <summary>SHA-256 of the file's bytes.</summary>
    public required Hash32 Digest { get; init; }

    /// <summary>Context id of the one machine that may call by vsock: a Nitro enclave's parent. Another one is for development, where a machine plays both.</summary>
    public uint ParentCid { get; init; } = VsockEndPoint.ParentCid;

    public bool IsProduction => Mode is EnclaveMode.Production;

    public string ModeName => IsProduction ? "production" : "development";
}

public sealed record KmsConfiguration
{
    /// <summary>Full key ARN, or an alias (development without attestation only).</summary>
    public required string KeyId { get; init; }

    /// <summary>ARNs under which older epochs may still be sealed.</summary>
    public required ImmutableArray<string> PreviousKeyIds { get; init; }

    public required string Region { get; init; }

    /// <summary>Null: the region's own endpoint.</summary>
    public required Uri? Endpoint { get; init; }

    /// <summary>Where the parent's forwarder takes connections to KMS. Null, in development only: the enclave's host has a network, and KMS is dialled there.</summary>
    public EnclaveAddress? Forwarder { get; init; }

    /// <summary>The URL in use: what the certificate must be for, whoever carries the bytes.</summary>
    public Uri Url => Endpoint ?? new Uri($"https://{KmsHost.Of(Region)}");

    public required bool EnableAttestation { get; init; }

    /// <summary>The only roots TLS to KMS may end in. Null: Amazon's.</summary>
    public required ImmutableArray<X509Certificate2>? TlsRoots { get; init; }

    public bool KeyIsAlias => !KeyArn.IsValid(KeyId);

    /// <summary>Whether a record sealed under this ARN may be opened at all.</summary>
    public bool Accepts(string keyArn) =>
        KeyIsAlias ? KeyArn.IsValid(keyArn) : string.Equals(keyArn, KeyId, StringComparison.Ordinal) || PreviousKeyIds.Contains(keyArn, StringComparer.Ordinal);
}

public sealed record LimitsConfiguration
{
    public const long DefaultMemoryBytes = 256L << 20;

    /// <summary>What loaded groups and open signings may hold together.</summary>
    public required long MemoryBytes { get; init; }
}
