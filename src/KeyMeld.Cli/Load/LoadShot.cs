namespace KeyMeld.Cli.Load;

/// <summary>One signing that is ready to be asked for.</summary>
/// <param name="Signatures">How many signatures it brings.</param>
/// <param name="SignAsync">Asks, waits, and verifies every signature. Throws with the code where there is none.</param>
internal sealed record LoadShot(int Signatures, Func<TimeSpan, CancellationToken, Task> SignAsync);
