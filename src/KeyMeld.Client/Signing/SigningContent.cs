using System.Security.Cryptography;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>One thing to sign. The signature is over a 32-byte message: the SHA-256 of the content, or a hash given bare.</summary>
public sealed record SigningContent
{
    /// <summary>Content up to this many bytes travels (encrypted) with the request, so that approvers see it; of larger content they need their own copy.</summary>
    public const int LargestShown = 64 * 1024;

    private SigningContent(Hash32 message, ReadOnlyMemory<byte>? preimage, string? name) => (Message, Preimage, Name) = (message, preimage, name);

    /// <summary>What is signed.</summary>
    public Hash32 Message { get; }

    /// <summary>The content, when it travels along.</summary>
    public ReadOnlyMemory<byte>? Preimage { get; }

    /// <summary>What the requester's profile calls it, for example a file name; it goes nowhere else.</summary>
    public string? Name { get; init; }

    /// <summary>The subset that signs; the whole group when null.</summary>
    public Id16? Subset { get; init; }

    /// <summary>Tweaks for this item in place of those of the terms (empty: none); those of the terms when null.</summary>
    public TweakChain? Tweaks { get; init; }

    /// <summary>What completes the signature: with it, a pre-signature is made in place of a signature.</summary>
    public Adaptor? Adaptor { get; init; }

    /// <summary>The same content once for each point: the secret of any of them completes a signature. Each is an item of its own, with nonces of its own.</summary>
    /// <param name="points">The points; distinct.</param>
    /// <exception cref="ArgumentException">There are none, or two are equal.</exception>
    public IReadOnlyList<SigningContent> ForAnyOf(params IReadOnlyList<PublicKey> points)
    {
        ArgumentNullException.ThrowIfNull(points);
        return points.Count > 0 && points.Distinct().Count() == points.Count
            ? [.. points.Select(point => this with { Adaptor = Adaptor.Of(point) })]
            : throw new ArgumentException("There must be points, all different.", nameof(points));
    }

    /// <summary>Signs the SHA-256 of these bytes.</summary>
    /// <param name="content">Any length; copied when it travels along.</param>
    /// <param name="name">What to call it.</param>
    public static SigningContent FromBytes(ReadOnlyMemory<byte> content, string? name = null) =>
        // The cast matters: a null array would become an empty content, which is not what is signed.
        new(Hash32.Sha256(content.Span), content.Length <= LargestShown ? content.ToArray() : (ReadOnlyMemory<byte>?)null, name);

    /// <summary>Signs the SHA-256 of a file of any length.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="KeyMeldException"><c>bad_request</c>: it cannot be read.</exception>
    public static SigningContent FromFile(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            var head = new byte[LargestShown + 1];
            var length = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            if (length <= LargestShown)
            {
                return FromBytes(head.AsMemory(0, length), Path.GetFileName(path));
            }
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            for (; length > 0; length = file.Read(head))
            {
                hash.AppendData(head, 0, length);
            }
            return new SigningContent(new Hash32(hash.GetHashAndReset()), null, Path.GetFileName(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, $"The file '{path}' cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Signs a bare 32-byte hash. Nothing shows approvers what it is of: they need the content themselves, or approve it as opaque.</summary>
    /// <param name="hash32">32 bytes.</param>
    /// <param name="name">What to call it.</param>
    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public static SigningContent FromHash(ReadOnlySpan<byte> hash32, string? name = null) => new(new Hash32(hash32), null, name);
}
