using KeyMeld.Gateway.Configuration;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace KeyMeld.Gateway.Tls;

/// <summary>
/// The certificate of one listener, taken anew when its files change. Files that are no good change nothing: the certificate before them stays, and what is wrong is logged once.
/// The files are looked at, not watched: whoever renews them may swap links, folders or mounts.
/// </summary>
internal sealed partial class CertificateKeeper : IDisposable
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Soon = TimeSpan.FromDays(14);

    private readonly string _section;
    private readonly CertificateFiles _files;
    private readonly bool _production;
    private readonly TimeProvider _time;
    private readonly ILogger<CertificateKeeper> _log;
    private readonly ITimer _timer;
    private readonly Lock _one = new();
    private Hash32? _seen;
    private DateTimeOffset _warned;
    private volatile ServedCertificate _current;

    /// <param name="section">The section of the settings that names the files.</param>
    /// <param name="files">Chain and key.</param>
    /// <param name="production">Whether a key file that everybody may read is refused.</param>
    /// <exception cref="KeyMeldException">configuration_invalid: the files are no good.</exception>
    public CertificateKeeper(string section, CertificateFiles files, bool production, TimeProvider time, ILogger<CertificateKeeper> log)
    {
        (_section, _files, _production, _time, _log) = (section, files, production, time, log);
        try
        {
            _current = ServedCertificate.Load(files, production, out var digest);
            _seen = digest;
        }
        catch (KeyMeldException refusal)
        {
            throw new KeyMeldException(refusal.Code, $"{section}.certificate: {refusal.Message}", refusal);
        }
        Taken(section, _current.Thumbprint, _current.NotAfter);
        Warn();
        _timer = time.CreateTimer(_ => Look(), null, Period, Period);
    }

    public ServedCertificate Current => _current;

    public CertificateView View => new(_section, _files.Certificate, _current.Thumbprint, _current.NotBefore, _current.NotAfter, Refused);

    /// <summary>What is wrong with the files as they are now; null while they are those in use.</summary>
    public string? Refused { get; private set; }

    /// <summary>What Kestrel is given; of each connection it asks which certificate is served now.</summary>
    /// <param name="longest">Time a handshake may take.</param>
    public HttpsConnectionAdapterOptions Https(TimeSpan longest) => new()
    {
        HandshakeTimeout = longest,
        SslProtocols = ServedCertificate.Protocols,
        ServerCertificate = _current.Leaf,
        OnAuthenticate = (_, handshake) => _current.Serve(handshake),
    };

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        if (!_one.TryEnter())
        {
            return;
        }
        try
        {
            Warn();
            var digest = ServedCertificate.DigestOf(_files);
            // What is refused may come right without another byte: by a mode that is mended, or in time.
            if (digest != _seen || Refused is not null)
            {
                Take();
                _seen = digest;
            }
        }
        finally
        {
            _one.Exit();
        }
    }

    private void Take()
    {
        try
        {
            var next = ServedCertificate.Load(_files, _production, out _);
            var now = _time.GetUtcNow();
            if (now < next.NotBefore || now >= next.NotAfter)
            {
                throw new KeyMeldException(ErrorCodes.ConfigurationInvalid, $"{_files.Certificate} is valid from {next.NotBefore:u} to {next.NotAfter:u}, not now.");
            }
            _current = next;
            Refused = null;
            _warned = default;
            Taken(_section, next.Thumbprint, next.NotAfter);
        }
        catch (KeyMeldException refusal)
        {
            if (refusal.Message != Refused)
            {
                Refused = refusal.Message;
                NotTaken(_section, refusal.Message, _current.NotAfter);
            }
        }
    }

    // Once a day from two weeks before the end.
    private void Warn()
    {
        var now = _time.GetUtcNow();
        if (now > _current.NotAfter - Soon && now - _warned >= TimeSpan.FromDays(1))
        {
            _warned = now;
            Ending(_section, _current.NotAfter);
        }
    }

    [LoggerMessage(EventId = 701, EventName = "certificate_taken", Level = LogLevel.Information, Message = "{Section}.certificate {Thumbprint} is served; it ends {NotAfter:u}.")]
    private partial void Taken(string section, string thumbprint, DateTimeOffset notAfter);

    [LoggerMessage(EventId = 702, EventName = "certificate_refused", Level = LogLevel.Error,
        Message = "The new files of {Section}.certificate are not taken: {Reason} The certificate before them is served on; it ends {NotAfter:u}.")]
    private partial void NotTaken(string section, string reason, DateTimeOffset notAfter);

    [LoggerMessage(EventId = 703, EventName = "certificate_ends", Level = LogLevel.Warning, Message = "{Section}.certificate ends {NotAfter:u}: put new files in its place, they are taken within seconds.")]
    private partial void Ending(string section, DateTimeOffset notAfter);
}

/// <summary>How a listener's certificate stands.</summary>
/// <param name="Section">The settings' section: server or operator.</param>
/// <param name="File">The chain's file.</param>
/// <param name="Thumbprint">SHA-256 of the leaf that is served.</param>
/// <param name="Refused">What is wrong with newer files; null without any.</param>
internal sealed record CertificateView(string Section, string File, string Thumbprint, DateTimeOffset NotBefore, DateTimeOffset NotAfter, string? Refused);
