using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace KeyMeld.DevKit.Nsm.Certificates;

/// <summary>
/// A root of trust of this machine's own, by default that of its development enclaves: made once, kept in a folder of its own as <c>root.pem</c> (public, what clients pin) and
/// <c>root.key</c> (PKCS #8, 0600). It has a name of its own and can never be mistaken for AWS'.
/// </summary>
internal sealed class DevelopmentRoot : IDisposable
{
    private const string Subject = "CN=development.nitro-enclaves, OU=Development, O=KeyMeld";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(30 * 365);

    private DevelopmentRoot(X509Certificate2 certificate, ECDsa key) => (Certificate, Key) = (certificate, key);

    public X509Certificate2 Certificate { get; }

    public ECDsa Key { get; }

    public static string CertificatePath(string folder) => Path.Combine(folder, "root.pem");

    public static DevelopmentRoot OpenOrCreate(string folder, DateTimeOffset now, string subject = Subject)
    {
        Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        var keyPath = Path.Combine(folder, "root.key");
        var certificatePath = CertificatePath(folder);
        if (!File.Exists(keyPath) && !File.Exists(certificatePath))
        {
            return Create(keyPath, certificatePath, now, subject);
        }
        if (!File.Exists(keyPath) || !File.Exists(certificatePath))
        {
            // Making the missing half anew would change the root under everybody who pinned it.
            throw Broken($"Of {keyPath} and {certificatePath} only one is there.");
        }
        return Open(keyPath, certificatePath);
    }

    public void Dispose()
    {
        Certificate.Dispose();
        Key.Dispose();
    }

    private static DevelopmentRoot Create(string keyPath, string certificatePath, DateTimeOffset now, string subject)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var request = NitroCertificate.Request(subject, key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(NitroCertificate.AuthorityUsage);
        var notBefore = now - TimeSpan.FromHours(1);
        var certificate = request.Create(
            request.SubjectName, X509SignatureGenerator.CreateForECDsa(key), notBefore, notBefore + Lifetime, NitroCertificate.Serial(key));
        var pkcs8 = key.ExportPkcs8PrivateKey();
        try
        {
            // The certificate comes last: a crash in between leaves a key without it, which the next start reports.
            Write(keyPath, pkcs8);
            Write(certificatePath, System.Text.Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pkcs8);
        }
        return new DevelopmentRoot(certificate, key);
    }

    private static DevelopmentRoot Open(string keyPath, string certificatePath)
    {
        if ((File.GetUnixFileMode(keyPath) & ~OwnerOnly) != 0)
        {
            throw new IOException($"{keyPath} is open to others; allow only its owner (chmod 600).");
        }
        var pkcs8 = File.ReadAllBytes(keyPath);
        var key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(pkcs8, out var read);
            var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(certificatePath));
            using var certified = certificate.GetECDsaPublicKey();
            if (read != pkcs8.Length || certified is null || !certified.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()))
            {
                throw Broken($"{keyPath} is not the key of {certificatePath}.");
            }
            return new DevelopmentRoot(certificate, key);
        }
        catch (CryptographicException error)
        {
            throw Broken($"{keyPath} or {certificatePath} cannot be read.", error);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pkcs8);
        }
    }

    private static IOException Broken(string what, Exception? inner = null) =>
        new($"{what} Restore the files, or remove both to begin with a new development root.", inner);

    private static void Write(string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + ".new";
        File.Delete(temporary);
        using (var file = new FileStream(temporary, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path);
    }
}
