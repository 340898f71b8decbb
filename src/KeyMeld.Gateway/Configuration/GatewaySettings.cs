using System.Collections.Immutable;
using System.Net;
using KeyMeld.Gateway.Forwarding;
using KeyMeld.Gateway.Relaying;
using KeyMeld.Gateway.Telemetry.Export;

namespace KeyMeld.Gateway.Configuration;

/// <summary>Everything the gateway is told, checked as a whole before anything starts.</summary>
internal sealed record GatewaySettings
{
    public required bool Production { get; init; }
    public required ServerSettings Server { get; init; }
    public required StorageSettings Storage { get; init; }
    public required KmsSettings Kms { get; init; }
    public required ImmutableArray<EnclaveSettings> Enclaves { get; init; }
    public required LimitSettings Limits { get; init; }
    /// <summary>Null: enclaves reach KMS by themselves, or another program forwards.</summary>
    public required ForwarderSettings? Forwarder { get; init; }
    /// <summary>Null: all enclaves are on this host, and none is handed on to another.</summary>
    public RelaySettings? Relay { get; init; }
    public required LogLevel LogLevel { get; init; }

    /// <summary>Whether a line of the log is one JSON object instead of text.</summary>
    public bool LogsJson { get; init; }

    /// <summary>Where traces and metrics are sent.</summary>
    public TelemetrySettings Telemetry { get; init; } = new(null, 100);

    /// <summary>Whether AWS credentials are those of the instance's role, fetched and refreshed, in place of the environment's.</summary>
    public bool InstanceRole { get; init; }

    /// <summary>What the dashboard compares the enclaves with.</summary>
    public AttestationSettings Attestation { get; init; } = AttestationSettings.None;

    /// <summary>SHA-256 of the operator's bearer token; without it no token opens anything.</summary>
    public required ImmutableArray<byte>? OperatorTokenHash { get; init; }

    /// <summary>Null: operators come in where clients do.</summary>
    public OperatorListener? OperatorListener { get; init; }
}

/// <param name="Listen">Where the sockets are opened.</param>
/// <param name="PublicUrl">The one address clients sign for and are sent to, whatever <c>Host</c> says.</param>
/// <param name="Certificate">PEM files of the certificate chain and its key, exactly when <paramref name="PublicUrl"/> ends here in TLS.</param>
internal sealed record ServerSettings(IPEndPoint Listen, Uri PublicUrl, CertificateFiles? Certificate)
{
    /// <summary>Peers whose X-Forwarded-For is believed, for limits and logs.</summary>
    public ImmutableArray<IPNetwork> Proxies { get; init; } = [];

    /// <summary>Origins of web pages that may call the API from a browser, beside its own.</summary>
    public ImmutableArray<string> CorsOrigins { get; init; } = [];
}

internal sealed record CertificateFiles(string Certificate, string Key);

/// <summary>The database.</summary>
internal abstract record StorageSettings
{
    private StorageSettings()
    {
    }

    /// <summary>How long a gateway drives a signing unless it says so again; what one that died left is taken up after it.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A file of this gateway alone.</summary>
    internal sealed record Sqlite(string Path) : StorageSettings;

    /// <summary>A database on a server, shared with other gateways.</summary>
    /// <param name="Host">A host name, or the folder of a unix socket.</param>
    /// <param name="Password">Where the password is; null where the server asks for none.</param>
    /// <param name="Tls">Whether the server proves by a certificate that it is <paramref name="Host"/>, and everything is encrypted.</param>
    /// <param name="RootCertificate">PEM file of the roots its certificate may end in; those of the system without it.</param>
    /// <param name="Connections">How many this gateway opens at most.</param>
    internal sealed record Postgres(string Host, int Port, string Database, string User, PasswordSource? Password, bool Tls, string? RootCertificate, int Connections) : StorageSettings
    {
        public bool IsSocket => Host.StartsWith('/');
    }
}

/// <summary>Where a password is: exactly one of the two. Read again for each new connection, so that it can be changed.</summary>
internal sealed record PasswordSource(string? File, string? Variable);

/// <summary>What the operator believes about KMS. The enclaves decide by their own measured file; where the two differ, the enclave is not used.</summary>
internal sealed record KmsSettings(bool Enabled, string KeyId, Uri? Endpoint, bool EnableAttestation)
{
    /// <summary>Keys that enclaves may still be configured with while the KMS key is changed.</summary>
    public IReadOnlyList<string> PreviousKeyIds { get; init; } = [];
}

internal sealed record EnclaveSettings(uint Id, string Address);
