using System.Collections.Immutable;
using KeyMeld.Gateway.Configuration;

namespace KeyMeld.Gateway.Tls;

/// <summary>The certificates this gateway serves: of the clients' listener and of the operator's, where those speak TLS.</summary>
internal sealed class Certificates : IDisposable
{
    /// <exception cref="Protocol.Errors.KeyMeldException">configuration_invalid: files that are no good.</exception>
    public Certificates(GatewaySettings settings, TimeProvider time, ILogger<CertificateKeeper> log)
    {
        Server = settings.Server.Certificate is { } server ? new CertificateKeeper("server", server, settings.Production, time, log) : null;
        Operators = settings.OperatorListener?.Certificate is { } operators ? new CertificateKeeper("operator", operators, settings.Production, time, log) : null;
    }

    public CertificateKeeper? Server { get; }

    public CertificateKeeper? Operators { get; }

    public ImmutableArray<CertificateView> Views => [.. new[] { Server, Operators }.OfType<CertificateKeeper>().Select(keeper => keeper.View)];

    public void Dispose()
    {
        Server?.Dispose();
        Operators?.Dispose();
    }
}
