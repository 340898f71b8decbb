using System.Collections.Immutable;
using System.Globalization;
using KeyMeld.Wire.Kms;
using KeyMeld.Wire.Transport;

namespace KeyMeld.Gateway.Forwarding;

/// <summary>The one way out an enclave has: from <paramref name="Listen"/> to <paramref name="Target"/>, and nowhere else.</summary>
/// <param name="Listen">Where enclaves connect: a vsock port of this machine, in development a unix socket.</param>
/// <param name="Target">The one place that is dialled.</param>
/// <param name="Cids">Context ids of the enclaves that may use it by vsock.</param>
internal sealed record ForwarderSettings(EnclaveAddress Listen, ForwarderTarget Target, ImmutableArray<uint> Cids)
{
    /// <summary>Open connections altogether; an enclave holds 4 at most.</summary>
    public int Connections { get; init; } = 64;

    /// <summary>Bytes of one connection, both directions together. An enclave renews its connections every 5 minutes; one call takes about 10 KB.</summary>
    public long BytesPerConnection { get; init; } = 64L * 1024 * 1024;

    /// <summary>How long a connection may carry nothing.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(2);
}

/// <summary>A host and port to dial.</summary>
internal sealed record ForwarderTarget(string Host, int Port)
{
    private const int Https = 443;

    /// <summary>Parses <c>HOST:PORT</c>.</summary>
    public static ForwarderTarget? Parse(string text) =>
        text.LastIndexOf(':') is > 0 and var colon && Uri.CheckHostName(text[..colon].Trim('[', ']')) is not UriHostNameType.Unknown
        && int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= ushort.MaxValue
            ? new ForwarderTarget(text[..colon].Trim('[', ']'), port)
            : null;

    /// <summary>KMS's ordinary endpoint in a region.</summary>
    public static ForwarderTarget Of(string region) => new(KmsHost.Of(region), Https);

    /// <summary>Whether that is KMS of AWS in a region, by TLS.</summary>
    public bool IsKms(string region) => Port == Https && KmsHost.IsOf(Host, region);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");
}
