namespace KeyMeld.Attestation;

/// <summary>Whether exactly the releases that should are let in, by one principal that only uses the key.</summary>
internal static class ReleaseRules
{
    private const string Document = "policy";

    public static IEnumerable<PolicyFinding> Check(PolicyDocument document, IReadOnlyList<Release>? releases)
    {
        var uses = document.Statements.Where(AllowRules.IsUse).ToList();
        if (!KmsActions.Use.All(action => uses.Exists(statement => statement.Covers(action))))
        {
            yield return new("nothing_allowed", Document, $"Nobody is allowed {string.Join(" and ", KmsActions.Use)}: the enclaves stay locked with kms_access_denied.", "Write the policy with `keymeld kms policy`.");
        }
        var users = uses.SelectMany(statement => statement.Principals ?? []).Distinct().ToList();
        if (users.Count > 1)
        {
            yield return new("several_users", Document, $"{users.Count} principals may use the key; the enclaves need one role.", "Leave the one role whose credentials the enclaves get.");
        }
        foreach (var statement in document.Statements.Where(statement => statement.IsAllow && !AllowRules.IsUse(statement) && statement.Covers("kms:PutKeyPolicy")))
        {
            if ((statement.Principals ?? []).Any(users.Contains))
            {
                yield return new("administrator_uses_key", statement.Name, "Who may change the policy may also use the key: its holder needs nobody's help to take the keys (K17).", "Give administration and use to different principals.");
            }
        }
        foreach (var finding in releases is null ? [] : Compare(uses, releases))
        {
            yield return finding;
        }
    }

    private static IEnumerable<PolicyFinding> Compare(List<PolicyStatement> uses, IReadOnlyList<Release> releases)
    {
        var wanted = releases.Select(release => (release.Pcr0, release.Pcr1, release.Pcr2)).ToHashSet();
        var found = new HashSet<(string, string, string)>();
        foreach (var statement in uses)
        {
            if (Tuple(statement) is not { } tuple)
            {
                continue;
            }
            found.Add(tuple);
            if (!wanted.Contains(tuple))
            {
                yield return new("unknown_release", statement.Name,
                    $"It lets in PCR0 {tuple.Item1[..16]}…, which is none of the releases given: an old build, whose faults are known, or somebody's own (K29).", "Remove the statement when that build no longer runs.");
            }
        }
        foreach (var release in releases.Where(release => !found.Contains((release.Pcr0, release.Pcr1, release.Pcr2))))
        {
            yield return new("release_missing", Document, $"The release with PCR0 {release.Pcr0[..16]}… is not let in; its enclaves stay locked with kms_access_denied.", "Write the policy anew with all releases that run.");
        }
    }

    private static (string, string, string)? Tuple(PolicyStatement statement) =>
        (AttestedCondition.Values(statement, 0), AttestedCondition.Values(statement, 1), AttestedCondition.Values(statement, 2)) is ([var pcr0], [var pcr1], [var pcr2]) ? (pcr0, pcr1, pcr2) : null;
}
