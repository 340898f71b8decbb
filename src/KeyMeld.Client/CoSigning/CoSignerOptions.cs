namespace KeyMeld.Client;

/// <summary>What a <see cref="CoSigner"/> does besides its checks.</summary>
public sealed record CoSignerOptions
{
    /// <summary>
    /// The owner's decision, asked once for each request and process after the request was verified and before any nonce is made. Null: what this profile requested or
    /// approved is signed, and nothing else. The group's own approval rule holds in any case.
    /// </summary>
    public Func<SigningReview, CancellationToken, ValueTask<bool>>? Decide { get; init; }

    /// <summary>Told what happens. Called from several threads.</summary>
    public Action<CoSignerEvent>? OnEvent { get; init; }
}

/// <summary>Something a <see cref="CoSigner"/> did or met.</summary>
public abstract record CoSignerEvent
{
    private CoSignerEvent()
    {
    }

    /// <summary>It waits for the rounds of this signing.</summary>
    /// <param name="Signing">Which.</param>
    public sealed record Following(SigningReference Signing) : CoSignerEvent;

    /// <summary>Every check passed; public nonces were sent.</summary>
    /// <param name="Signing">Which.</param>
    /// <param name="Attempt">The attempt.</param>
    public sealed record SentNonces(SigningReference Signing, int Attempt) : CoSignerEvent;

    /// <summary>Partial signatures were sent.</summary>
    /// <param name="Signing">Which.</param>
    /// <param name="Attempt">The attempt.</param>
    public sealed record SentPartials(SigningReference Signing, int Attempt) : CoSignerEvent;

    /// <summary>The signing is over.</summary>
    /// <param name="Outcome">Its outcome, verified.</param>
    public sealed record Ended(SigningOutcome Outcome) : CoSignerEvent;

    /// <summary>Something does not hold, and this key does not sign.</summary>
    /// <param name="Signing">Which.</param>
    /// <param name="Code">From the error table.</param>
    /// <param name="Message">What.</param>
    public sealed record Refused(SigningReference Signing, string Code, string Message) : CoSignerEvent;

    /// <summary>The gateway is away or busy; it is asked again.</summary>
    /// <param name="Signing">Which.</param>
    /// <param name="Code">From the error table.</param>
    /// <param name="Message">Why.</param>
    /// <param name="Pause">After this time.</param>
    public sealed record Retrying(SigningReference Signing, string Code, string Message, TimeSpan Pause) : CoSignerEvent;
}
