using KeyMeld.Cli.Output;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Secp256k1;

namespace KeyMeld.Cli.Commands.Adaptors;

/// <summary>How these commands take what they need: public values as text or from a file, secrets from files or stdin and never from the command line.</summary>
internal static class AdaptorInput
{
    private const int MostBytes = 256;

    /// <summary>The text itself, or what a file of that name holds.</summary>
    public static string Text(string text) => (File.Exists(text) ? File.ReadAllText(text) : text).Trim();

    /// <summary>A point: 66 hex digits, or a challenge, which stands for the sum of its points; or a file with either.</summary>
    /// <exception cref="KeyMeldException"><c>bad_request</c>; <c>adaptor_invalid</c></exception>
    public static PublicKey Point(string given, string what)
    {
        var text = Text(given);
        if (AdaptorChallenge.IsPrefixOf(text))
        {
            return AdaptorChallenge.Parse(text).Sum;
        }
        return PublicKey.TryParse(Hexadecimal.Bytes(text, PublicKey.Size, what), out var point) ? point : throw new KeyMeldException(ErrorCodes.BadRequest, $"{what} is not a point of the curve.");
    }

    /// <summary>A BIP-340 signature or a proof: 128 hex digits, or a file with them.</summary>
    /// <exception cref="KeyMeldException"><c>signature_invalid</c></exception>
    public static SchnorrSignature Signature(string text) =>
        SignatureVerification.Parse(File.Exists(text) ? File.ReadAllBytes(text) : System.Text.Encoding.ASCII.GetBytes(text.Trim()));

    /// <summary>A secret from a key file; <c>-</c> is stdin.</summary>
    /// <exception cref="KeyMeldException"><c>key_file_invalid</c></exception>
    public static SecretKey Secret(string path)
    {
        if (path != "-")
        {
            return KeyFile.Read(path);
        }
        using var text = SecretBytes.Allocate(MostBytes);
        using var input = Console.OpenStandardInput(0);
        var length = input.ReadAtLeast(text.Writable, text.Length, throwOnEndOfStream: false);
        return length < text.Length ? KeyFile.Parse(text.Span[..length]) : throw new KeyMeldException(ErrorCodes.KeyFileInvalid, "What came from stdin is longer than one secret.");
    }

    /// <summary>The sum of the secrets in these files.</summary>
    /// <exception cref="KeyMeldException"><c>key_file_invalid</c>; <c>adaptor_mismatch</c>: they add up to zero.</exception>
    public static SecretKey Secrets(IReadOnlyList<string> paths)
    {
        var secrets = new List<SecretKey>();
        try
        {
            secrets.AddRange(paths.Select(Secret));
            return SecretKey.Sum(secrets);
        }
        catch (System.Security.Cryptography.CryptographicException exception)
        {
            throw new KeyMeldException(ErrorCodes.AdaptorMismatch, exception.Message, exception);
        }
        finally
        {
            secrets.ForEach(secret => secret.Dispose());
        }
    }
}
