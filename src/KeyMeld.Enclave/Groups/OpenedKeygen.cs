// protocol.md section 5, what every enclave of a manifest checks before anything else: the creator, its own entry, the session secret.
using Google.Protobuf;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Hpke;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Groups;

/// <summary>A manifest that names this enclave, with the session secret opened.</summary>
internal sealed class OpenedKeygen : IDisposable
{
    private OpenedKeygen(Signed<Manifest> manifest, int index, EpochIdentity identity, SessionSecret secret)
    {
        Manifest = manifest;
        Index = index;
        Identity = identity;
        Secret = secret;
    }

    public Signed<Manifest> Manifest { get; }

    /// <summary>This enclave's index in the manifest.</summary>
    public int Index { get; }

    /// <summary>This enclave's identity of the epoch the manifest names.</summary>
    public EpochIdentity Identity { get; }

    /// <summary>The group's session secret; wiped with this.</summary>
    public SessionSecret Secret { get; }

    /// <exception cref="KeyMeldException">What does not hold.</exception>
    public static OpenedKeygen Open(UntrustedKeygen? keygen, Keyring keyring)
    {
        var present = Untrusted.Present(keygen, "keygen");
        var manifest = Signed.ParseManifest(Untrusted.Statement(present.Manifest, "manifest"));
        var (index, identity) = FindSelf(manifest.Value, keyring);
        return new OpenedKeygen(manifest, index, identity, OpenSecret(identity, manifest, index, present.SessionSecret));
    }

    /// <summary>Checks that session secret and terms are those the manifest commits to. Verifying a roster does the same.</summary>
    /// <exception cref="KeyMeldException"><c>terms_mismatch</c>, <c>statement_invalid</c>, …</exception>
    public void CheckTerms(ByteString terms) => TermsEnvelope.Open(Manifest, Secret, terms.Span);

    public void Dispose() => Secret.Dispose();

    private static SessionSecret OpenSecret(EpochIdentity identity, Signed<Manifest> manifest, int index, ByteString wire) =>
        wire.Length == HpkeSealer.Overhead + SessionSecret.Size
            ? SessionSecretEnvelope.Open(identity.IdentityKey, manifest.Digest, index, wire.Span)
            : throw new KeyMeldException(ErrorCodes.SessionSecretUnreadable, $"The session secret for enclave {index} has not the size of one.");

    // Keys are distinct within a manifest, but two epochs of one enclave are two keys: which node it is would be ambiguous.
    internal static (int Index, EpochIdentity Identity) FindSelf(Manifest manifest, Keyring keyring)
    {
        (int Index, EpochIdentity Identity)? found = null;
        foreach (var (index, entry) in manifest.Enclaves.Index())
        {
            if (!keyring.TryFind(entry.Key, out var identity))
            {
                continue;
            }
            if (found is not null)
            {
                throw new KeyMeldException(ErrorCodes.EnclaveMismatch, "The manifest names this enclave twice.");
            }
            if (!entry.Sign.Equals(identity.Sign) || entry.Epoch != identity.Epoch || entry.Id != keyring.EnclaveId)
            {
                throw new KeyMeldException(ErrorCodes.EnclaveMismatch, "The manifest has this enclave's key with another statement key, epoch or number.");
            }
            found = (index, identity);
        }
        return found ?? throw new KeyMeldException(ErrorCodes.EnclaveMismatch, "The manifest does not name a key of this enclave.");
    }
}
