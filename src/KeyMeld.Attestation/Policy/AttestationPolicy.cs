using System.Security.Cryptography.X509Certificates;

namespace KeyMeld.Attestation;

/// <summary>
/// What a caller trusts: a root and the releases under it. The two cases are the whole set, and neither switches a check off: development has a root of its
/// own.
/// </summary>
public abstract record AttestationPolicy
{
    private AttestationPolicy(AttestationRoot root, IReadOnlyList<Release>? releases) => (Root, Releases) = (root, releases);

    /// <summary>Where the chain of a document has to end.</summary>
    public AttestationRoot Root { get; }

    /// <summary>The releases that are trusted; null (development only) trusts every measurement under the development root.</summary>
    public IReadOnlyList<Release>? Releases { get; }

    /// <summary>A verifier for this policy's root.</summary>
    /// <param name="clock">The caller's clock.</param>
    public AttestationVerifier CreateVerifier(TimeProvider clock) => new(Root, clock);

    /// <summary>Requires that what a verified document measures, with the KMS key its enclave states, is one of the trusted releases.</summary>
    /// <param name="attestation">The verified document.</param>
    /// <param name="kmsKeyArn">The KMS key ARN in the identity the document attests.</param>
    /// <param name="configurationDigest">The configuration digest in that identity, lower-case hex; without it a release that states one does not match.</param>
    /// <exception cref="AttestationException">With <see cref="AttestationFailure.Release"/>: it is none of them.</exception>
    public void RequireRelease(VerifiedAttestation attestation, string kmsKeyArn, string? configurationDigest = null)
    {
        if (Releases is not null && !Releases.Any(release => release.Matches(attestation.Pcrs, kmsKeyArn, configurationDigest)))
        {
            throw new AttestationException(AttestationFailure.Release,
                $"The enclave is none of the trusted releases: {attestation.Pcrs}, KMS key {kmsKeyArn}, configuration {configurationDigest ?? "not stated"}.");
        }
    }

    /// <summary>Enclaves on AWS: root G1, and one of the given releases.</summary>
    public sealed record Production : AttestationPolicy
    {
        /// <summary>Trusts exactly the given releases.</summary>
        /// <param name="releases">At least one. They come from the caller, never from the gateway.</param>
        /// <exception cref="ArgumentException">The list is empty.</exception>
        public Production(IReadOnlyList<Release> releases)
            : base(AttestationRoot.AwsNitroG1, [.. releases])
        {
            if (releases.Count == 0)
            {
                throw new ArgumentException("A production policy names at least one release.", nameof(releases));
            }
        }

        /// <summary>Trusts exactly the releases that a releaser signed; several while an update runs, the old and the new.</summary>
        /// <param name="releaser">Whom the caller trusts to release builds; its key comes from the caller, never from the gateway.</param>
        /// <param name="manifests">At least one signed manifest; who hands them over needs no trust.</param>
        /// <exception cref="ReleaseException">One is not the releaser's, or is no manifest.</exception>
        /// <exception cref="ArgumentException">The list is empty.</exception>
        public Production(ReleaserKey releaser, IReadOnlyList<SignedRelease> manifests)
            : this([.. manifests.Select(manifest => manifest.Verify(releaser).Release)])
        {
        }
    }

    /// <summary>Enclaves of the development simulator, under the root it made. For one's own machine only.</summary>
    public sealed record Development : AttestationPolicy
    {
        /// <summary>Trusts a development root.</summary>
        /// <param name="root">The simulator's root certificate.</param>
        /// <param name="releases">Exactly these, or null for whatever runs under that root, as a build under development keeps changing.</param>
        /// <exception cref="ArgumentException">The certificate cannot be a root, is AWS' own, or the list is empty.</exception>
        public Development(X509Certificate2 root, IReadOnlyList<Release>? releases = null)
            : base(AttestationRoot.Development(root), releases is null ? null : [.. releases])
        {
            if (releases is { Count: 0 })
            {
                throw new ArgumentException("A list of releases names at least one.", nameof(releases));
            }
            // Trusting any measurement under the real root would be a production policy without releases.
            if (Root.Fingerprint == AttestationRoot.AwsNitroG1Fingerprint)
            {
                throw new ArgumentException("The AWS root belongs to the production policy.", nameof(root));
            }
        }
    }
}
