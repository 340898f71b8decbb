// protocol.md sections 5 and 10: member-key, plaintext secret(32), aad [purpose, B]; registration.envelope = SHA-256 of the wire.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Hpke;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Keys;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Groups;

/// <summary>A member's secret on its way to its enclave.</summary>
public static class MemberEnvelope
{
    /// <summary>Seals an imported secret.</summary>
    /// <param name="enclave">The hosting enclave's identity key, verified.</param>
    /// <param name="binding">B.</param>
    /// <param name="member">The member key.</param>
    public static byte[] Seal(PublicKey enclave, ReadOnlySpan<byte> binding, SecretKey member)
    {
        using var secret = member.Export();
        return HpkeSealer.Seal(enclave, Purposes.MemberKey, Aad.MemberKey(binding), secret.Span);
    }

    /// <summary>Opens at the hosting enclave, and checks that it is the envelope and the key that were registered.</summary>
    /// <param name="identity">The identity key the manifest names for that enclave.</param>
    /// <param name="member">The verified registration.</param>
    /// <param name="wire">HPKE wire of an imported key, self-sealed wire of a made one.</param>
    /// <returns>The member key; the caller disposes it.</returns>
    /// <exception cref="KeyMeldException"><c>envelope_mismatch</c> or <c>envelope_unreadable</c>.</exception>
    public static SecretKey Open(SecretKey identity, RosterMember member, ReadOnlySpan<byte> wire)
    {
        if (member.Registration.Value.Envelope != Hash32.Sha256(wire))
        {
            throw Refusal(ErrorCodes.EnvelopeMismatch, member, "is not the one that was registered");
        }
        using var secret = OpenSecret(identity, member, wire);
        if (secret is null || !SecretKey.TryImport(secret.Span, out var key))
        {
            throw Refusal(ErrorCodes.EnvelopeUnreadable, member, "does not open to a key");
        }
        if (!key.PublicKey.Equals(member.Key))
        {
            key.Dispose();
            throw Refusal(ErrorCodes.EnvelopeMismatch, member, "holds another key than was registered");
        }
        return key;
    }

    private static SecretBytes? OpenSecret(SecretKey identity, RosterMember member, ReadOnlySpan<byte> wire)
    {
        SecretBytes? secret;
        var binding = member.Binding.Span;
        _ = member.Source == KeySource.Made
            ? SelfSeal.TryOpen(identity, binding, wire, out secret)
            : HpkeOpener.TryOpen(identity, Purposes.MemberKey, Aad.MemberKey(binding), wire, out secret);
        return secret;
    }

    private static KeyMeldException Refusal(string code, RosterMember member, string why) => new(code, $"The envelope of place {member.Index} {why}.");
}
