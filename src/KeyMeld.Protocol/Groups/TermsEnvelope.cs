// protocol.md section 5: terms = TH("KeyMeld/v1/terms", session secret ‖ terms bytes) in the manifest; the terms travel session-encrypted.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Protocol.Groups;

/// <summary>The terms, committed to and encrypted.</summary>
public static class TermsEnvelope
{
    /// <summary>What the manifest says of these terms.</summary>
    public static Hash32 Commit(SessionSecret secret, ReadOnlySpan<byte> terms) => secret.Commit("terms", terms);

    /// <summary>Encrypts for the group.</summary>
    public static byte[] Seal(SessionSecret secret, Hash32 manifest, ReadOnlySpan<byte> terms) =>
        new SessionCipher(secret, manifest).Encrypt(Purposes.Terms, Aad.Terms(), terms);

    /// <summary>Decrypts, and checks that these are the terms of this manifest and name only its subsets.</summary>
    /// <exception cref="KeyMeldException"><c>terms_mismatch</c>, <c>statement_invalid</c> or <c>limit_exceeded</c>.</exception>
    public static Terms Open(Signed<Manifest> manifest, SessionSecret secret, ReadOnlySpan<byte> wire)
    {
        if (!new SessionCipher(secret, manifest.Digest).TryDecrypt(Purposes.Terms, Aad.Terms(), wire, out var bytes))
        {
            throw new KeyMeldException(ErrorCodes.TermsMismatch, "The terms do not open with this session secret.");
        }
        if (Commit(secret, bytes) != manifest.Value.Terms)
        {
            throw new KeyMeldException(ErrorCodes.TermsMismatch, "These are not the terms and the session secret that the manifest commits to.");
        }
        var terms = Terms.Parse(bytes);
        var known = manifest.Value.Subsets.Select(subset => subset.Id).ToHashSet();
        return terms.Subsets.Keys.All(known.Contains)
            ? terms
            : throw new KeyMeldException(ErrorCodes.TermsMismatch, "The terms name a subset that the manifest does not have.");
    }
}
