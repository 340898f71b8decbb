namespace KeyMeld.Attestation;

/// <summary>A release manifest as its releaser hands it out: the file and the signature beside it. Nothing is verified yet.</summary>
/// <param name="Manifest">The manifest's exact bytes.</param>
/// <param name="Signature">The releaser's signature over them, ECDSA in DER.</param>
public readonly record struct SignedRelease(ReadOnlyMemory<byte> Manifest, ReadOnlyMemory<byte> Signature)
{
    /// <summary>Verifies the signature and reads the manifest.</summary>
    /// <param name="releaser">Whom the caller trusts to release builds.</param>
    /// <exception cref="ReleaseException">The signature is not the releaser's, or what it signs is no manifest.</exception>
    public ReleaseManifest Verify(ReleaserKey releaser) => ReleaseManifest.Verify(Manifest, Signature.Span, releaser);
}
