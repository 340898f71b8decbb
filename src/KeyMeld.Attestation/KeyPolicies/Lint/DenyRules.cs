namespace KeyMeld.Attestation;

/// <summary>What a key policy must deny explicitly, since grants and IAM policies get around what is merely not allowed.</summary>
internal static class DenyRules
{
    private const string Document = "policy";
    private const string Generate = "`keymeld kms policy` writes the statement.";

    public static IEnumerable<PolicyFinding> Check(PolicyDocument document)
    {
        var denies = document.Statements.Where(IsForEverything).ToList();
        var open = KmsActions.Never.Where(action => !denies.Exists(statement => statement.Conditions.Count == 0 && statement.Covers(action))).ToList();
        if (open.Count > 0)
        {
            yield return new("never_not_denied", Document, $"Nothing denies everybody {string.Join(", ", open)}: a grant or an IAM policy could allow it (K06, K17, K27).", Generate);
        }
        for (var register = 0; register <= 2; register++)
        {
            foreach (var finding in CheckRegister(document, denies, register))
            {
                yield return finding;
            }
        }
        foreach (var statement in denies.Where(statement => statement.Conditions.Count(condition => AttestedCondition.RegisterOf(condition) is not null) > 1))
        {
            yield return new("deny_conjunction", statement.Name, "Conditions of one statement must all hold: it denies only where every one of these registers is wrong.", "Write one Deny for each register.");
        }
    }

    private static IEnumerable<PolicyFinding> CheckRegister(PolicyDocument document, List<PolicyStatement> denies, int register)
    {
        var guards = denies.Where(statement => statement.Conditions is [var only] && AttestedCondition.RegisterOf(only) == register && AttestedCondition.Excludes(only)).ToList();
        var open = KmsActions.Attested.Where(action => !guards.Exists(statement => statement.Covers(action))).ToList();
        if (open.Count > 0)
        {
            yield return new("deny_missing", Document,
                $"Nothing denies {string.Join(", ", open)} where PCR{register} is missing or not a release's: a grant or an IAM policy could allow it without attestation (K17).", Generate);
        }
        var allowed = document.Statements.Where(AllowRules.IsUse).SelectMany(statement => AttestedCondition.Values(statement, register)).ToHashSet();
        foreach (var guard in guards)
        {
            var values = guard.Conditions[0].Values.Select(value => value.ToLowerInvariant()).ToHashSet();
            if (values.Except(allowed).Any())
            {
                yield return new("deny_stale", guard.Name, $"It still lets a PCR{register} through that no Allow names: what is left of an old release (K29).", "Remove the value.");
            }
            if (allowed.Except(values).Any())
            {
                yield return new("deny_blocks_release", guard.Name, $"It denies a PCR{register} that an Allow names: that release cannot use the key.", "Add the value, or remove the Allow.");
            }
        }
    }

    private static bool IsForEverything(PolicyStatement statement) =>
        !statement.IsAllow && statement.IsForAll && statement.Exclusions.Count == 0 && statement.Resources.Contains("*");
}
