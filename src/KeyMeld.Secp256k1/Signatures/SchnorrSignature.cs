using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace KeyMeld.Secp256k1;

/// <summary>The 64 bytes of a BIP-340 signature (x of R, then s). Having one says nothing about its validity: see <see cref="XOnlyPublicKey.Verify"/>.</summary>
public sealed class SchnorrSignature : PublicValue<SchnorrSignature>
{
    /// <summary>The length: 64 bytes.</summary>
    public const int Size = 64;

    private readonly Bytes64 _bytes;

    private SchnorrSignature(ReadOnlySpan<byte> bytes) => bytes.CopyTo(_bytes);

    /// <summary>The 64 bytes.</summary>
    public override ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Reads 64 bytes.</summary>
    /// <returns>False if there are not 64; nothing else is checked here.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SchnorrSignature? signature)
    {
        signature = bytes.Length == Size ? new SchnorrSignature(bytes) : null;
        return signature is not null;
    }

    /// <summary>Reads 64 bytes.</summary>
    /// <exception cref="CryptographicException">There are not 64.</exception>
    public static SchnorrSignature Parse(ReadOnlySpan<byte> bytes) =>
        TryParse(bytes, out var signature) ? signature : throw new CryptographicException("A BIP-340 signature has 64 bytes.");
}
