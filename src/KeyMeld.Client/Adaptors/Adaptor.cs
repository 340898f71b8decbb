// protocol.md section 6, "Adaptors".
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>
/// What completes a signature: the group makes a pre-signature (<see cref="VerifiedPreSignature"/>), which the secret of <see cref="Point"/> turns into a signature, and the signature
/// reveals that secret to everybody who has the pre-signature. One point of one secret: <see cref="Of"/>. All of several secrets: <see cref="AdaptorChallenge"/>. Any of several:
/// <see cref="SigningContent.ForAnyOf"/>.
/// </summary>
public abstract record Adaptor
{
    private Adaptor(PublicKey point) => Point = point;

    /// <summary>The adaptor point T.</summary>
    public PublicKey Point { get; }

    /// <summary>The adaptor of one point.</summary>
    public static Adaptor Of(PublicKey point)
    {
        ArgumentNullException.ThrowIfNull(point);
        return new Single(point);
    }

    /// <summary>One point.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "CA1720", Justification = "It is what it says.")]
    public sealed record Single : Adaptor
    {
        internal Single(PublicKey point)
            : base(point)
        {
        }
    }

    /// <summary>The sum of several points, each with a proof of its owner that it knows the secret: all secrets together complete the signature.</summary>
    public sealed record All : Adaptor
    {
        internal All(AdaptorChallenge challenge, IReadOnlyList<SchnorrSignature> proofs)
            : base(challenge.Sum) => (Challenge, Proofs) = (challenge, proofs);

        /// <summary>The points and what the proofs are for.</summary>
        public AdaptorChallenge Challenge { get; }

        /// <summary>One verified proof a point, in their order.</summary>
        public IReadOnlyList<SchnorrSignature> Proofs { get; }
    }
}
