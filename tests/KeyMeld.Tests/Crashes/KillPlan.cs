namespace KeyMeld.Tests.Crashes;

/// <summary>Who dies at the how-manieth step, and how much later than it: a commit lies between two steps.</summary>
internal sealed record KillPlan(int Step, Victims Victims, TimeSpan After)
{
    public override string ToString() => $"{Victims} at step {Step} + {After.TotalMilliseconds:0.0} ms";
}

[Flags]
internal enum Victims
{
    None = 0,
    Enclave = 1,
    Gateway = 2,
}
