namespace KeyMeld.Cli.Doctor;

internal enum Health
{
    Fine,

    /// <summary>It works, and somebody should look at it.</summary>
    Notable,

    Wrong,

    /// <summary>It could not be looked at, because of something before it.</summary>
    Skipped,
}

/// <summary>What one check found.</summary>
/// <param name="Check">Its name.</param>
/// <param name="Result">How it stands.</param>
/// <param name="Found">What there is.</param>
/// <param name="Action">What to do; null when nothing is.</param>
internal sealed record Diagnosis(string Check, Health Result, string Found, string? Action = null)
{
    public string Word => Result switch
    {
        Health.Fine => "ok",
        Health.Notable => "note",
        Health.Wrong => "WRONG",
        _ => "skipped",
    };
}
