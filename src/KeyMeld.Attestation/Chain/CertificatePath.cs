using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace KeyMeld.Attestation;

/// <summary>
/// The one chain a document may present: leaf, its bundle backwards, the pinned root (attestation_process.md section 3.2.3). No revocation lists, nothing is
/// downloaded.
/// </summary>
internal static class CertificatePath
{
    /// <summary>Verifies the chain and returns the leaf; the caller disposes it.</summary>
    public static X509Certificate2 Verify(AttestationDocument document, AttestationRoot root, DateTimeOffset at)
    {
        if (!document.CaBundle[0].Span.SequenceEqual(root.Der.Span))
        {
            throw new AttestationException(AttestationFailure.Root, "The document does not come from the pinned root of trust.");
        }
        List<X509Certificate2> path = [];
        var verified = false;
        try
        {
            path.Add(Load(document.Certificate.Span));
            foreach (var der in document.CaBundle.Skip(1).Reverse())
            {
                path.Add(Load(der.Span));
            }
            RequireForm(path);
            RequireChain(path, root, at);
            verified = true;
            return path[0];
        }
        catch (CryptographicException error)
        {
            throw new AttestationException(AttestationFailure.Certificate, "A certificate of the document cannot be read.", error);
        }
        finally
        {
            path.Skip(verified ? 1 : 0).ToList().ForEach(certificate => certificate.Dispose());
        }
    }

    private static X509Certificate2 Load(ReadOnlySpan<byte> der)
    {
        var certificate = X509CertificateLoader.LoadCertificate(der);
        if (certificate.RawDataMemory.Span.SequenceEqual(der))
        {
            return certificate;
        }
        // PEM, or bytes behind the certificate: the loader takes both.
        certificate.Dispose();
        throw new AttestationException(AttestationFailure.Certificate, "A certificate of the document is not exactly one DER certificate.");
    }

    private static void RequireForm(List<X509Certificate2> path)
    {
        CertificateRules.RequireP384(path[0], "leaf");
        CertificateRules.RequireLeaf(path[0]);
        for (var i = 1; i < path.Count; i++)
        {
            CertificateRules.RequireP384(path[i], "issuing");
            CertificateRules.RequireAuthority(path[i], authoritiesBelow: i - 1);
        }
    }

    private static void RequireChain(List<X509Certificate2> path, AttestationRoot root, DateTimeOffset at)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root.Certificate);
        chain.ChainPolicy.ExtraStore.AddRange(path.Skip(1).ToArray());
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.NoFlag;
        chain.ChainPolicy.VerificationTime = at.UtcDateTime;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        var valid = chain.Build(path[0]);
        var elements = chain.ChainElements.Select(element => element.Certificate).ToArray();
        try
        {
            var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
            if (status == X509ChainStatusFlags.NotTimeValid)
            {
                throw new AttestationException(AttestationFailure.CertificateTime, $"A certificate of the document is not valid at {at:u}.");
            }
            if (!valid || status != X509ChainStatusFlags.NoError || !elements.Select(element => element.RawDataMemory).SequenceEqual(
                path.Append(root.Certificate).Select(certificate => certificate.RawDataMemory), DerComparer.Instance))
            {
                throw new AttestationException(AttestationFailure.Chain,
                    $"The certificates do not lead from the document's signer to the pinned root ({status}).");
            }
        }
        finally
        {
            Array.ForEach(elements, element => element.Dispose());
        }
    }

    private sealed class DerComparer : IEqualityComparer<ReadOnlyMemory<byte>>
    {
        public static readonly DerComparer Instance = new();

        public bool Equals(ReadOnlyMemory<byte> x, ReadOnlyMemory<byte> y) => x.Span.SequenceEqual(y.Span);

        public int GetHashCode(ReadOnlyMemory<byte> obj) => obj.Length;
    }
}
