using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>How a signing stands. State, attempts and error are the gateway's word; items are there only from a result that an enclave signed and this client verified.</summary>
/// <param name="Reference">Which signing.</param>
/// <param name="State">The state.</param>
/// <param name="Error">Stable code the gateway gives for a failure, unverified.</param>
/// <param name="Items">The verified result, one entry an item in request order; null while there is none.</param>
public sealed record SigningOutcome(SigningReference Reference, SigningState State, string? Error, IReadOnlyList<SignedItem>? Items)
{
    /// <summary>How many attempts it took, where the gateway was asked.</summary>
    public int? Attempts { get; init; }

    /// <summary>Whether nothing will change any more.</summary>
    public bool IsFinal => State is not (SigningState.Waiting or SigningState.Running);

    /// <summary>Whether every item has what was asked for, verified: a signature, or with an adaptor a pre-signature.</summary>
    public bool IsSigned => Items is not null && Items.All(item => item is SignedItem.Signed or SignedItem.PreSigned);

    /// <summary>All signatures in request order.</summary>
    /// <exception cref="KeyMeldException">With the code that says why there are none; <c>unsupported</c>: an item has a pre-signature (see <see cref="PreSignatures"/>).</exception>
    public IReadOnlyList<SchnorrSignature> Signatures => [.. RequireSigned().Items!.Select(item => item is SignedItem.Signed signed
        ? signed.Signature
        : throw new KeyMeldException(ErrorCodes.Unsupported, $"Item {item.Id} has a pre-signature; take it from PreSignatures or Items."))];

    /// <summary>The pre-signatures of the items with an adaptor, in request order; without them when there are none.</summary>
    /// <exception cref="KeyMeldException">With the code that says why the request is not signed.</exception>
    public IReadOnlyList<VerifiedPreSignature> PreSignatures => [.. RequireSigned().Items!.OfType<SignedItem.PreSigned>().Select(item => item.PreSignature)];

    /// <summary>This outcome, if every item is signed.</summary>
    /// <exception cref="KeyMeldException">With the code that says why not.</exception>
    public SigningOutcome RequireSigned()
    {
        if (IsSigned)
        {
            return this;
        }
        if (Items?.OfType<SignedItem.Failed>().FirstOrDefault() is { } failed)
        {
            var blame = failed.Culprit is { } culprit ? $", by {culprit}" : "";
            throw new KeyMeldException(ErrorCodes.IsKnown(failed.Error) ? failed.Error : ErrorCodes.Internal, $"Item {failed.Id} was not signed: {failed.Error}{blame}.");
        }
        throw State switch
        {
            SigningState.Rejected => new KeyMeldException(ErrorCodes.Rejected, "A member rejected the request."),
            SigningState.Cancelled => new KeyMeldException(ErrorCodes.Cancelled, "The requester cancelled the request."),
            SigningState.Expired => new KeyMeldException(ErrorCodes.Expired, "The request's time ran out."),
            SigningState.Failed => new KeyMeldException(Error ?? ErrorCodes.Internal, $"The gateway says that the signing failed: {Error ?? ErrorCodes.Internal}."),
            SigningState.Completed => GatewayAnswer.Invalid("the signing is called completed, and there is no result"),
            _ => new KeyMeldException(ErrorCodes.StillPending, "It is not finished yet."),
        };
    }
}

/// <summary>One item of a verified result.</summary>
public abstract record SignedItem
{
    private SignedItem(Id16 id, Hash32 message) => (Id, Message) = (id, message);

    /// <summary>The item's id.</summary>
    public Id16 Id { get; }

    /// <summary>The 32-byte message.</summary>
    public Hash32 Message { get; }

    /// <summary>A BIP-340 signature, verified against the group record.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "CA1720", Justification = "It is what it says.")]
    public sealed record Signed : SignedItem
    {
        internal Signed(Id16 id, Hash32 message, XOnlyPublicKey outputKey, SchnorrSignature signature)
            : base(id, message) => (OutputKey, Signature) = (outputKey, signature);

        /// <summary>The key it verifies under.</summary>
        public XOnlyPublicKey OutputKey { get; }

        /// <summary>The signature, 64 bytes.</summary>
        public SchnorrSignature Signature { get; }
    }

    /// <summary>A pre-signature, verified against the group record and the item's adaptor point: adapt it, extract from what was made of it, convert it.</summary>
    public sealed record PreSigned : SignedItem
    {
        internal PreSigned(Id16 id, Hash32 message, VerifiedPreSignature preSignature)
            : base(id, message) => PreSignature = preSignature;

        /// <summary>The pre-signature, with key, message and point.</summary>
        public VerifiedPreSignature PreSignature { get; }
    }

    /// <summary>No signature for this item.</summary>
    public sealed record Failed : SignedItem
    {
        internal Failed(Id16 id, Hash32 message, string error, Culprit? culprit)
            : base(id, message) => (Error, Culprit) = (error, culprit);

        /// <summary>The stable code.</summary>
        public string Error { get; }

        /// <summary>Who is to blame, where the result proves it.</summary>
        public Culprit? Culprit { get; }
    }
}

/// <summary>Whoever a verified result blames: one of the two.</summary>
/// <param name="Enclave">Index of an enclave in the group, or null.</param>
/// <param name="Member">Place of a member that signs at home, or null.</param>
public sealed record Culprit(int? Enclave, int? Member)
{
    /// <summary>In words.</summary>
    public override string ToString() => Enclave is { } enclave ? $"enclave {enclave} of the group" : $"member {Member}";
}
