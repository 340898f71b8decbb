using KeyMeld.Fuzz.Targets;

namespace KeyMeld.Fuzz;

/// <summary>Every parser that reads what somebody untrusted wrote.</summary>
internal static class AllTargets
{
    public static IReadOnlyList<FuzzTarget> List { get; } =
        [.. AttestationTargets.All, .. ImageTargets.All, .. StatementTargets.All, .. TextTargets.All, .. EnclaveTargets.All, .. KeyTargets.All, .. AdaptorTargets.All];

    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public static FuzzTarget Find(string name) =>
        List.FirstOrDefault(target => target.Name == name) ?? throw new ArgumentException($"There is no target {name}; `list` shows them.", nameof(name));
}
