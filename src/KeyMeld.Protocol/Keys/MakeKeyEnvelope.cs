// protocol.md section 10: make-key, plaintext response secret(32), aad [purpose, B or KB].
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Hpke;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Keys;

/// <summary>The secret under which an enclave is to answer about a key it makes.</summary>
public static class MakeKeyEnvelope
{
    /// <summary>Bytes of a response secret.</summary>
    public const int ResponseSize = 32;

    /// <summary>Seals a response secret.</summary>
    /// <param name="enclave">The enclave's identity key, verified.</param>
    /// <param name="binding">B or KB.</param>
    /// <param name="response">32 bytes.</param>
    public static byte[] Seal(PublicKey enclave, ReadOnlySpan<byte> binding, ReadOnlySpan<byte> response)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(response.Length, ResponseSize);
        return HpkeSealer.Seal(enclave, Purposes.MakeKey, Aad.MakeKey(binding), response);
    }

    /// <summary>Opens at the enclave.</summary>
    /// <returns>32 bytes; the caller disposes them.</returns>
    /// <exception cref="KeyMeldException"><c>envelope_unreadable</c>.</exception>
    public static SecretBytes Open(SecretKey identity, ReadOnlySpan<byte> binding, ReadOnlySpan<byte> wire) =>
        wire.Length == HpkeSealer.Overhead + ResponseSize && HpkeOpener.TryOpen(identity, Purposes.MakeKey, Aad.MakeKey(binding), wire, out var response)
            ? response
            : throw new KeyMeldException(ErrorCodes.EnvelopeUnreadable, "The request to make a key does not open at this enclave, or is for another key.");
}
