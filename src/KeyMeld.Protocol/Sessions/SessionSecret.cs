using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Sessions;

/// <summary>A group's session secret: 32 bytes in locked memory. Whoever holds it reads the group's terms, messages and results.</summary>
public sealed class SessionSecret : IDisposable
{
    /// <summary>Bytes.</summary>
    public const int Size = 32;

    private readonly SecretBytes _bytes;

    private SessionSecret(SecretBytes bytes) => _bytes = bytes;

    /// <summary>The secret, valid until <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Span => _bytes.Span;

    /// <summary>32 fresh random bytes.</summary>
    public static SessionSecret Generate() => new(SecretBytes.Random(Size));

    /// <summary>Copies a secret that came in.</summary>
    /// <exception cref="KeyMeldException"><c>session_secret_unreadable</c>: it is not 32 bytes.</exception>
    public static SessionSecret Import(ReadOnlySpan<byte> secret) =>
        secret.Length == Size
            ? new SessionSecret(SecretBytes.CopyFrom(secret))
            : throw new KeyMeldException(ErrorCodes.SessionSecretUnreadable, $"A session secret has {Size} bytes.");

    /// <summary>Copies it out, for sealing or storing encrypted.</summary>
    public SecretBytes Export() => SecretBytes.CopyFrom(Span);

    /// <summary>TH("KeyMeld/v1/" + <paramref name="name"/>, session secret ‖ <paramref name="data"/>).</summary>
    public Hash32 Commit(string name, ReadOnlySpan<byte> data)
    {
        Span<byte> digest = stackalloc byte[Hash32.Size];
        TaggedHash.Compute("KeyMeld/v1/" + name, Span, data, digest);
        return new Hash32(digest);
    }

    /// <summary>Wipes it.</summary>
    public void Dispose() => _bytes.Dispose();

    /// <summary>Shows nothing of it.</summary>
    public override string ToString() => nameof(SessionSecret);
}
