// protocol.md sections 5 and 10: member_key = session-encrypted 33-byte key ‖ proof; proof = BIP-340 by the member key over TH("KeyMeld/v1/pop", B ‖ 33-byte key).
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Groups;

/// <summary>A member's public key with the proof that its owner has the secret, bound to one place.</summary>
/// <param name="Key">The member key.</param>
/// <param name="Proof">The proof of possession.</param>
public sealed record MemberKeyPlaintext(PublicKey Key, SchnorrSignature Proof)
{
    private const int Size = PublicKey.Size + SchnorrSignature.Size;

    /// <summary>Proves possession for one place.</summary>
    /// <param name="secret">The member key.</param>
    /// <param name="binding">B.</param>
    public static MemberKeyPlaintext Prove(SecretKey secret, ReadOnlySpan<byte> binding) =>
        new(secret.PublicKey, secret.SignSchnorr(ProofDigest(binding, secret.PublicKey).Bytes));

    /// <summary>TH("KeyMeld/v1/pop", B ‖ 33-byte member key).</summary>
    public static Hash32 ProofDigest(ReadOnlySpan<byte> binding, PublicKey key)
    {
        Span<byte> digest = stackalloc byte[Hash32.Size];
        TaggedHash.Compute("KeyMeld/v1/pop", binding, key.Bytes, digest);
        return new Hash32(digest);
    }

    /// <summary>Encrypts for the group.</summary>
    public byte[] Encrypt(SessionCipher cipher, ReadOnlySpan<byte> binding)
    {
        Span<byte> plaintext = stackalloc byte[Size];
        Key.Bytes.CopyTo(plaintext);
        Proof.Bytes.CopyTo(plaintext[PublicKey.Size..]);
        return cipher.Encrypt(Purposes.MemberKey, Aad.MemberKey(binding), plaintext);
    }

    /// <summary>Decrypts, and verifies the proof.</summary>
    /// <exception cref="KeyMeldException"><c>registration_invalid</c> where it does not open or holds no key, <c>pop_invalid</c> where the proof does not verify.</exception>
    public static MemberKeyPlaintext Open(SessionCipher cipher, ReadOnlySpan<byte> binding, ReadOnlySpan<byte> wire)
    {
        if (!cipher.TryDecrypt(Purposes.MemberKey, Aad.MemberKey(binding), wire, out var plaintext) || plaintext.Length != Size)
        {
            throw new KeyMeldException(ErrorCodes.RegistrationInvalid, "The registration's member key does not open with the group's secret in this place.");
        }
        if (!PublicKey.TryParse(plaintext.AsSpan(0, PublicKey.Size), out var key))
        {
            throw new KeyMeldException(ErrorCodes.RegistrationInvalid, "The registration's member key is not on the curve.");
        }
        var member = new MemberKeyPlaintext(key, SchnorrSignature.Parse(plaintext.AsSpan(PublicKey.Size)));
        return key.ToXOnly().Verify(ProofDigest(binding, key).Bytes, member.Proof)
            ? member
            : throw new KeyMeldException(ErrorCodes.ProofOfPossessionInvalid, "The registration's proof of possession does not verify.");
    }
}
