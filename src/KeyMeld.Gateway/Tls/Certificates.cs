using System.Collections.Immutable;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Tls;

/// <summary>The certificates this gateway serves: of the clients' listener and of the operator's, where those speak TLS.</summary>
internal sealed class Certificates : IDisposable
{
    /// <exception cref="KeyMeldException">configuration_invalid: files that are no good, of both listeners at once.</exception>
    public Certificates(GatewaySettings settings, TimeProvider time, ILogger<CertificateKeeper> log)
    {
        var errors = new List<string>();
        Server = Keep("server", settings.Server.Certificate);
        Operators = Keep("operator", settings.OperatorListener?.Certificate);
        if (errors.Count > 0)
        {
            Dispose();
            throw new KeyMeldException(ErrorCodes.ConfigurationInvalid, string.Join('\n', errors));
        }

        CertificateKeeper? Keep(string section, CertificateFiles? files)
        {
            try
            {
                return files is null ? null : new CertificateKeeper(section, files, settings.Production, time, log);
            }
            catch (KeyMeldException refusal)
            {
                errors.Add(refusal.Message);
                return null;
            }
        }
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
