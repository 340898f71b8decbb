// protocol.md section 10: HPKE session-secret, plaintext secret(32), aad [purpose, manifest hash, enclave index].
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Hpke;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Groups;

/// <summary>The session secret on its way to one enclave of a manifest.</summary>
public static class SessionSecretEnvelope
{
    /// <summary>Seals for one enclave.</summary>
    /// <param name="enclave">Its identity key, verified.</param>
    /// <param name="manifest">The manifest hash.</param>
    /// <param name="index">Its index in the manifest.</param>
    /// <param name="secret">The session secret.</param>
    public static byte[] Seal(PublicKey enclave, Hash32 manifest, int index, SessionSecret secret) =>
        HpkeSealer.Seal(enclave, Purposes.SessionSecret, Aad.SessionSecret(manifest, index), secret.Span);

    /// <summary>Opens at the enclave.</summary>
    /// <exception cref="KeyMeldException"><c>session_secret_unreadable</c>.</exception>
    public static SessionSecret Open(SecretKey identity, Hash32 manifest, int index, ReadOnlySpan<byte> wire)
    {
        if (!HpkeOpener.TryOpen(identity, Purposes.SessionSecret, Aad.SessionSecret(manifest, index), wire, out var plaintext))
        {
            throw new KeyMeldException(ErrorCodes.SessionSecretUnreadable, $"The session secret for enclave {index} does not open.");
        }
        using (plaintext)
        {
            return SessionSecret.Import(plaintext.Span);
        }
    }
}
