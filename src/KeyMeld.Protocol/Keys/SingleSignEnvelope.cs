// protocol.md sections 7 and 10: single-sign, plaintext CBOR {message, tweak, response}, aad [purpose, key hash, request]; single-sign.sealed = SHA-256 of the wire.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Hpke;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Keys;

/// <summary>What a single-signer key is to sign, on its way to the enclave.</summary>
public static class SingleSignEnvelope
{
    /// <summary>Seals message, tweak and response secret.</summary>
    /// <param name="enclave">The enclave's identity key, verified.</param>
    /// <param name="key">SHA-256 of the key statement.</param>
    /// <param name="request">The request's id.</param>
    /// <param name="blob">The content.</param>
    public static byte[] Seal(PublicKey enclave, Hash32 key, Id16 request, SingleSignBlob blob)
    {
        using var plaintext = blob.Encode();
        return HpkeSealer.Seal(enclave, Purposes.SingleSign, Aad.SingleSign(key, request), plaintext.Span);
    }

    /// <summary>Opens at the enclave, and checks that it is what the owner signed.</summary>
    /// <returns>The content; the caller disposes it.</returns>
    /// <exception cref="KeyMeldException"><c>items_invalid</c>: it is not the blob the statement names, or does not open; <c>request_invalid</c>: a tweak with ECDSA; <c>statement_invalid</c>.</exception>
    public static SingleSignBlob Open(SecretKey identity, SingleSign request, ReadOnlySpan<byte> wire)
    {
        if (request.Sealed != Hash32.Sha256(wire))
        {
            throw new KeyMeldException(ErrorCodes.ItemsInvalid, "The sealed message is not the one the request names.");
        }
        if (!HpkeOpener.TryOpen(identity, Purposes.SingleSign, Aad.SingleSign(request.Key, request.Request), wire, out var plaintext))
        {
            throw new KeyMeldException(ErrorCodes.ItemsInvalid, "The sealed message does not open at this enclave, or is another request's.");
        }
        using (plaintext)
        {
            var blob = SingleSignBlob.Parse(plaintext.Span);
            if (request.Algorithm == SingleSignAlgorithm.Bip340 || blob.Tweak is SingleTweak.None)
            {
                return blob;
            }
            blob.Dispose();
            throw new KeyMeldException(ErrorCodes.RequestInvalid, "ECDSA signs with the key as it is, without a tweak.");
        }
    }
}
