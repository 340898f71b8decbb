using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Client;

/// <summary>A manifest and its terms, verified against the manifest hash and the session secret that came from a trusted side. Owns the session secret.</summary>
internal sealed class OpenedKeygen : IDisposable
{
    private OpenedKeygen(Signed<Manifest> manifest, byte[] termsWire, Terms terms, SessionSecret session) =>
        (Manifest, TermsWire, Terms, Session) = (manifest, termsWire, terms, session);

    public Signed<Manifest> Manifest { get; }

    public byte[] TermsWire { get; }

    public Terms Terms { get; }

    public SessionSecret Session { get; }

    /// <summary>The chains of the group and of all subsets.</summary>
    public IEnumerable<TweakChain> Chains => Terms.Subsets.Values.Prepend(Terms.Tweaks);

    /// <summary>Opens what the gateway serves under a name. Takes over the session secret, also when it fails.</summary>
    /// <exception cref="KeyMeldException"><c>manifest_invalid</c>: another manifest than named, or not signed by its creator; <c>terms_mismatch</c>.</exception>
    public static OpenedKeygen Open(Hash32 group, SignedStatement statement, byte[] termsWire, SessionSecret session)
    {
        try
        {
            var manifest = Signed.ParseManifest(statement);
            if (manifest.Digest != group)
            {
                throw new KeyMeldException(ErrorCodes.ManifestInvalid, $"The gateway shows the manifest {manifest.Digest} in place of {group}.");
            }
            return new OpenedKeygen(manifest, termsWire, TermsEnvelope.Open(manifest, session, termsWire), session);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    public void Dispose() => Session.Dispose();
}
