using System.Security.Cryptography;
using KeyMeld.Protocol.Errors;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>Checks finished signatures offline (BIP-340); neither gateway nor profile is needed.</summary>
public static class SignatureVerification
{
    /// <summary>Whether a signature over a 32-byte message verifies under an output key.</summary>
    /// <param name="outputKey">The x-only key.</param>
    /// <param name="message32">The message, 32 bytes.</param>
    /// <param name="signature">The signature.</param>
    /// <exception cref="ArgumentException">The message has another length.</exception>
    public static bool Verify(XOnlyPublicKey outputKey, ReadOnlySpan<byte> message32, SchnorrSignature signature)
    {
        ArgumentNullException.ThrowIfNull(outputKey);
        ArgumentNullException.ThrowIfNull(signature);
        return message32.Length == 32 ? outputKey.Verify(message32, signature) : throw new ArgumentException("The message is a 32-byte hash.", nameof(message32));
    }

    /// <summary>Whether a signature over the SHA-256 of a content verifies under an output key.</summary>
    /// <param name="outputKey">The x-only key.</param>
    /// <param name="content">Read to its end.</param>
    /// <param name="signature">The signature.</param>
    public static bool VerifyContent(XOnlyPublicKey outputKey, Stream content, SchnorrSignature signature) => Verify(outputKey, SHA256.HashData(content), signature);

    /// <summary>Reads a signature: 128 hex digits with white space around them, or 64 bytes.</summary>
    /// <param name="text">The bytes of a signature file.</param>
    /// <exception cref="KeyMeldException"><c>signature_invalid</c>: neither.</exception>
    public static SchnorrSignature Parse(ReadOnlySpan<byte> text)
    {
        if (text.Length == SchnorrSignature.Size)
        {
            return SchnorrSignature.Parse(text);
        }
        Span<byte> signature = stackalloc byte[SchnorrSignature.Size];
        var digits = text.Trim(" \t\r\n"u8);
        return digits.Length == 2 * SchnorrSignature.Size
            && Convert.FromHexString(digits, signature, out _, out var written) == System.Buffers.OperationStatus.Done && written == signature.Length
                ? SchnorrSignature.Parse(signature)
                : throw new KeyMeldException(ErrorCodes.SignatureInvalid, "A signature is 128 hex digits or 64 bytes.");
    }
}
