// protocol.md sections 7 and 10: single-key, plaintext secret(32) ‖ response secret(32), aad [purpose, KB]; key.envelope = SHA-256 of the wire.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Hpke;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Keys;

/// <summary>The secret of a single-signer key as the gateway stores it: imported ones as their owner sealed them, made ones as their enclave did.</summary>
public static class SingleKeyEnvelope
{
    private const int SecretSize = SecretKey.Size;

    /// <summary>Seals an imported secret, and the secret under which the enclave is to answer.</summary>
    /// <param name="enclave">The enclave's identity key, verified.</param>
    /// <param name="binding">KB.</param>
    /// <param name="key">The key.</param>
    /// <param name="response">32 bytes.</param>
    public static byte[] Seal(PublicKey enclave, ReadOnlySpan<byte> binding, SecretKey key, ReadOnlySpan<byte> response)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(response.Length, MakeKeyEnvelope.ResponseSize);
        using var plaintext = SecretBytes.Allocate(SecretSize + MakeKeyEnvelope.ResponseSize);
        key.Export(plaintext.Writable[..SecretSize]);
        response.CopyTo(plaintext.Writable[SecretSize..]);
        return HpkeSealer.Seal(enclave, Purposes.SingleKey, Aad.SingleKey(binding), plaintext.Span);
    }

    /// <summary>Opens an imported one at the enclave.</summary>
    /// <param name="identity">The identity key the statement names.</param>
    /// <param name="statement">The owner's statement, which commits to the wire.</param>
    /// <param name="wire">What came beside it.</param>
    /// <param name="response">32 bytes; the caller disposes them.</param>
    /// <returns>The key; the caller disposes it.</returns>
    /// <exception cref="KeyMeldException"><c>envelope_mismatch</c>, <c>envelope_unreadable</c>.</exception>
    public static SecretKey OpenImported(SecretKey identity, Signed<KeyStatement> statement, ReadOnlySpan<byte> wire, out SecretBytes response)
    {
        if (statement.Value.Envelope != Hash32.Sha256(wire))
        {
            throw new KeyMeldException(ErrorCodes.EnvelopeMismatch, "The sealed key is not the one the statement names.");
        }
        if (wire.Length != HpkeSealer.Overhead + SecretSize + MakeKeyEnvelope.ResponseSize
            || !HpkeOpener.TryOpen(identity, Purposes.SingleKey, Aad.SingleKey(SingleKeyBinding.Of(statement.Value)), wire, out var plaintext))
        {
            throw Unreadable();
        }
        using (plaintext)
        {
            var key = Import(plaintext.Span[..SecretSize]);
            response = SecretBytes.CopyFrom(plaintext.Span[SecretSize..]);
            return key;
        }
    }

    /// <summary>Opens one that this enclave made and sealed to itself.</summary>
    /// <returns>The key; the caller disposes it.</returns>
    /// <exception cref="KeyMeldException"><c>envelope_unreadable</c>.</exception>
    public static SecretKey OpenMade(SecretKey identity, Signed<KeyStatement> statement, ReadOnlySpan<byte> wire)
    {
        if (wire.Length != AesGcmWire.Overhead + SecretSize || !SelfSeal.TryOpen(identity, SingleKeyBinding.Of(statement.Value), wire, out var secret))
        {
            throw Unreadable();
        }
        using (secret)
        {
            return Import(secret.Span);
        }
    }

    private static SecretKey Import(ReadOnlySpan<byte> secret) => SecretKey.TryImport(secret, out var key) ? key : throw Unreadable();

    private static KeyMeldException Unreadable() => new(ErrorCodes.EnvelopeUnreadable, "The sealed key does not open at this enclave, or is another key's.");
}
