// The certification authorities AWS endpoints end in: Amazon Root CA 1 to 4 and Starfield Services Root CA - G2 (Amazon Trust Services repository).
using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;

namespace KeyMeld.Enclave.Sealing.Kms;

internal static class AmazonRoots
{
    public const int Count = 5;

    /// <summary>Read from the file built into the program, so that the measurement covers them.</summary>
    public static ImmutableArray<X509Certificate2> Load()
    {
        using var stream = typeof(AmazonRoots).Assembly.GetManifestResourceStream("amazon-roots.pem")!;
        using var reader = new StreamReader(stream);
        var roots = new X509Certificate2Collection();
        roots.ImportFromPem(reader.ReadToEnd());
        return [.. roots];
    }
}
