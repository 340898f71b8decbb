namespace KeyMeld.Client;

/// <summary>What an owner decides when a key is imported or made.</summary>
public sealed record NewKeyOptions
{
    /// <summary>What this profile calls the key; it goes nowhere else.</summary>
    public string? Label { get; init; }

    /// <summary>Number of the enclave that hosts it; the first one that is ready when null.</summary>
    public int? Enclave { get; init; }
}
