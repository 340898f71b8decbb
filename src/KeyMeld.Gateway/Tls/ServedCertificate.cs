// RFC 7468: PEM. RFC 8446 and RFC 5246 with RFC 7540 section 9.2.2: what is offered.
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Tls;

/// <summary>A certificate with its chain and key as two PEM files held them, ready for handshakes.</summary>
internal sealed class ServedCertificate
{
    private const int MostBytes = 256 * 1024;

    /// <summary>1.3 where the client speaks it.</summary>
    public const SslProtocols Protocols = SslProtocols.Tls12 | SslProtocols.Tls13;

    // TLS 1.3's own suites, and of TLS 1.2 those with forward secrecy and authenticated encryption: what HTTP/2 allows.
    private static readonly CipherSuitesPolicy Suites = new(
    [
        TlsCipherSuite.TLS_AES_256_GCM_SHA384, TlsCipherSuite.TLS_AES_128_GCM_SHA256, TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TlsCipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]);

    private readonly SslStreamCertificateContext _context;

    private ServedCertificate(X509Certificate2 leaf, X509Certificate2Collection chain)
    {
        (NotBefore, NotAfter) = (leaf.NotBefore.ToUniversalTime(), leaf.NotAfter.ToUniversalTime());
        Thumbprint = leaf.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();
        Leaf = leaf;
        _context = SslStreamCertificateContext.Create(leaf, chain, offline: true);
    }

    public X509Certificate2 Leaf { get; }

    public DateTimeOffset NotBefore { get; }

    public DateTimeOffset NotAfter { get; }

    /// <summary>SHA-256 of the leaf, lower-case hex: what a client sees.</summary>
    public string Thumbprint { get; }

    /// <summary>Serves it in one handshake. Connections that were made go on with what they began with.</summary>
    public void Serve(SslServerAuthenticationOptions handshake)
    {
        handshake.ServerCertificateContext = _context;
        handshake.CipherSuitesPolicy = Suites;
        handshake.AllowRenegotiation = false;
    }

    /// <summary>Reads both files.</summary>
    /// <param name="files">Chain (leaf first) and key.</param>
    /// <param name="production">Whether a key file that everybody on the machine may read is refused.</param>
    /// <param name="digest">Of both files' bytes, to know them again.</param>
    /// <exception cref="KeyMeldException">configuration_invalid: what is wrong with which file.</exception>
    public static ServedCertificate Load(CertificateFiles files, bool production, out Hash32 digest)
    {
        var certificate = Read(files.Certificate);
        var key = Read(files.Key);
        try
        {
            digest = Hash32.Sha256([.. Hash32.Sha256(certificate).Bytes, .. Hash32.Sha256(key).Bytes]);
            if (production)
            {
                RequirePrivate(files.Key);
            }
            return Parse(files, certificate, key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>The digest <see cref="Load"/> would give, or null where a file cannot be read now.</summary>
    public static Hash32? DigestOf(CertificateFiles files)
    {
        try
        {
            var key = Read(files.Key);
            var digest = Hash32.Sha256([.. Hash32.Sha256(Read(files.Certificate)).Bytes, .. Hash32.Sha256(key).Bytes]);
            CryptographicOperations.ZeroMemory(key);
            return digest;
        }
        catch (KeyMeldException)
        {
            return null;
        }
    }

    private static ServedCertificate Parse(CertificateFiles files, ReadOnlySpan<byte> certificate, ReadOnlySpan<byte> key)
    {
        var keyText = new char[key.Length];
        try
        {
            Encoding.ASCII.GetChars(key, keyText);
            var certificateText = Encoding.ASCII.GetString(certificate);
            var leaf = X509Certificate2.CreateFromPem(certificateText, keyText);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(certificateText);
            chain.RemoveAt(0);
            return new ServedCertificate(leaf, chain);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw Invalid($"{files.Certificate} and {files.Key} are not a PEM certificate chain, leaf first, and its unencrypted PEM key: {exception.Message}", exception);
        }
        finally
        {
            Array.Clear(keyText);
        }
    }

    private static byte[] Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            if (file.Length > MostBytes)
            {
                throw Invalid($"{path} is no PEM file of a certificate: it has more than {MostBytes} bytes.");
            }
            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Invalid($"{path}: {exception.Message}", exception);
        }
    }

    private static void RequirePrivate(string path)
    {
        if ((File.GetUnixFileMode(path) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != UnixFileMode.None)
        {
            throw Invalid($"{path}: everybody on this machine may read or write the key; run: chmod o= {path}");
        }
    }

    private static KeyMeldException Invalid(string what, Exception? inner = null) => new(ErrorCodes.ConfigurationInvalid, what, inner);
}
