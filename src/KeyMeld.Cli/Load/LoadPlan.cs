namespace KeyMeld.Cli.Load;

/// <summary>How signings are asked for, and for how long.</summary>
/// <param name="Model">Closed or open.</param>
/// <param name="Duration">How long is measured.</param>
/// <param name="Ramp">How long it takes to come up to the load before that; not measured.</param>
/// <param name="Seed">Of the arrivals.</param>
internal sealed record LoadPlan(LoadModel Model, TimeSpan Duration, TimeSpan Ramp, ulong Seed)
{
    /// <summary>How long a signing may take before it counts as an error.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>What makes the next signing start.</summary>
internal abstract record LoadModel
{
    private LoadModel()
    {
    }

    /// <summary>So many clients, each with the next signing as soon as the one before is answered.</summary>
    internal sealed record Closed(int Clients) : LoadModel
    {
        public override string ToString() => FormattableString.Invariant($"closed, {Clients} clients");
    }

    /// <summary>So many signings a second, whether or not those before were answered.</summary>
    internal sealed record Open(double Rate) : LoadModel
    {
        public override string ToString() => FormattableString.Invariant($"open, {Rate:0.#} a second");
    }
}
