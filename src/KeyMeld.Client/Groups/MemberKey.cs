using System.Security.Cryptography;
using KeyMeld.Protocol.Errors;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>
/// The secret a participant brings to a group. A generated one is kept in the profile's secret store, so that its owner can recover the group's key later; an imported
/// one is its owner's to keep and is not stored, unless the place signs at home: <see cref="CoSigner"/> needs it there. One that the enclave makes is nowhere but in the
/// enclave, and cannot be recovered without the enclave's identity key.
/// </summary>
public sealed class MemberKey : IDisposable
{
    private readonly SecretKey? _secret;

    private MemberKey(SecretKey? secret, bool generated) => (_secret, IsGenerated) = (secret, generated);

    /// <summary>Whether it was made here.</summary>
    public bool IsGenerated { get; }

    /// <summary>Whether the hosting enclave is to make it.</summary>
    public bool IsMadeByEnclave => _secret is null;

    internal SecretKey Secret => _secret ?? throw new InvalidOperationException("Only the enclave has this key.");

    /// <summary>Makes a fresh key.</summary>
    public static MemberKey Generate() => new(SecretKey.Generate(), true);

    /// <summary>Has the hosting enclave make the key: no owner ever holds it. It has no recovery but the enclave's identity key.</summary>
    public static MemberKey MadeByEnclave() => new(null, false);

    /// <summary>Takes 32 secret bytes; the caller wipes its own copy.</summary>
    /// <exception cref="KeyMeldException"><c>key_file_invalid</c>: not 32 bytes, zero, or not below the curve's order.</exception>
    public static MemberKey Import(ReadOnlySpan<byte> secret32)
    {
        try
        {
            return new MemberKey(SecretKey.Import(secret32), false);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw new KeyMeldException(ErrorCodes.KeyFileInvalid, "A member key is 32 bytes, not zero and below the order of secp256k1.", error);
        }
    }

    /// <summary>Reads a key file: 64 hex digits or WIF.</summary>
    /// <exception cref="KeyMeldException"><c>key_file_invalid</c>.</exception>
    public static MemberKey FromFile(string path) => new(KeyFile.Read(path), false);

    /// <summary>The public key.</summary>
    /// <remarks>33 bytes; what <see cref="GroupBlueprint.IsKeyOf"/> compares.</remarks>
    public PublicKey PublicKey => Secret.PublicKey;

    /// <summary>Writes the secret to a new file that only its owner can read, as 64 hex digits: whoever reads it has this share of the group's key.</summary>
    /// <exception cref="KeyMeldException"><c>key_file_invalid</c>: the file is there already, or cannot be written.</exception>
    public void ToFile(string path) => KeyFile.Write(path, Secret);

    /// <summary>A key that the profile kept, to be kept with the next group as well.</summary>
    internal static MemberKey Kept(SecretKey secret) => new(secret, true);

    /// <summary>Wipes the secret.</summary>
    public void Dispose() => _secret?.Dispose();
}
