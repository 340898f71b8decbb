// protocol.md section 7: single-sign. BIP-340 after a tweak of BIP-86 or BIP-341; ECDSA with the nonces of RFC 6979, low s.
using System.Security.Cryptography;
using KeyMeld.Enclave.Groups;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Keys;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Keys;

/// <summary>Signs one message with one key, as its owner's statement says. The same statement is answered again as long as it lives: it commits to the message.</summary>
internal static class SingleSigning
{
    /// <param name="key">The key that the call brought.</param>
    /// <param name="untrusted">The call.</param>
    /// <param name="nowMs">This enclave's own time.</param>
    /// <returns>The answer for whoever holds the response secret.</returns>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c>, <c>request_invalid</c>, <c>items_invalid</c>, <c>not_yet_valid</c>, <c>expired</c>.</exception>
    public static byte[] Sign(OwnedKey key, UntrustedSingleSign untrusted, long nowMs)
    {
        var request = Signed.Parse<SingleSign>(Untrusted.Statement(untrusted.Request, "request"), key.Statement.Auth);
        if (request.Value.Key != key.Hash)
        {
            throw new KeyMeldException(ErrorCodes.RequestInvalid, "The request is for another key.");
        }
        RequestWindow.Check(request.Value, nowMs);
        using var blob = SingleSignEnvelope.Open(key.Identity.IdentityKey, request.Value, untrusted.Sealed.Span);
        var signature = request.Value.Algorithm switch
        {
            SingleSignAlgorithm.Bip340 => SignBip340(key.Secret, blob),
            SingleSignAlgorithm.Ecdsa => key.Secret.SignEcdsa(blob.Message.Bytes).Bytes,
            _ => throw new InvalidOperationException("Unknown algorithm."),
        };
        return SingleAnswer.Encrypt(blob.Response.Span, request.Hash, signature);
    }

    private static ReadOnlySpan<byte> SignBip340(SecretKey key, SingleSignBlob blob)
    {
        if (SingleTweaks.TapTweak(key.XOnlyPublicKey, blob.Tweak) is not { } tweak)
        {
            return key.SignSchnorr(blob.Message.Bytes).Bytes;
        }
        try
        {
            using var tweaked = key.WithTweak(tweak.Bytes);
            return tweaked.SignSchnorr(blob.Message.Bytes).Bytes;
        }
        catch (CryptographicException exception)
        {
            throw new KeyMeldException(ErrorCodes.RequestInvalid, "This tweak gives no key.", exception);
        }
    }
}
