using KeyMeld.Gateway.Signing.Rounds;

namespace KeyMeld.Gateway.Telemetry;

/// <summary>Where the time of a signing goes. Each is a label of a metric and a line of a chart: the set is closed.</summary>
internal enum SigningStep
{
    /// <summary>The request is verified and written down.</summary>
    Accept,

    /// <summary>Waiting for a turn among the group's signings, or for an attempt to be written down.</summary>
    Queue,

    /// <summary>Waiting for members who sign at home.</summary>
    Gather,

    /// <summary>Every node is asked for its nonces.</summary>
    Round1,

    /// <summary>Every node is asked for its partial signatures.</summary>
    Round2,

    /// <summary>One enclave combines them.</summary>
    Combine,

    /// <summary>Waiting for an enclave that is away.</summary>
    Away,

    /// <summary>The outcome is written down.</summary>
    Persist,
}

internal static class SigningSteps
{
    /// <summary>The step's label.</summary>
    public static string Word(this SigningStep step) => step switch
    {
        SigningStep.Accept => "accept",
        SigningStep.Queue => "queue",
        SigningStep.Gather => "gather",
        SigningStep.Round1 => "round1",
        SigningStep.Round2 => "round2",
        SigningStep.Combine => "combine",
        SigningStep.Away => "away",
        SigningStep.Persist => "persist",
        _ => throw new ArgumentOutOfRangeException(nameof(step)),
    };

    /// <summary>The step a signing is at; null once its rounds are over.</summary>
    public static SigningStep? Of(RoundState state) => state switch
    {
        RoundState.Reserving or RoundState.Queuing => SigningStep.Queue,
        RoundState.Gathering => SigningStep.Gather,
        RoundState.Opening => SigningStep.Round1,
        RoundState.Signing => SigningStep.Round2,
        RoundState.Combining => SigningStep.Combine,
        RoundState.Parked => SigningStep.Away,
        _ => null,
    };
}
