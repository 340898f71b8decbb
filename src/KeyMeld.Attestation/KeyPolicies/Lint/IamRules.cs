namespace KeyMeld.Attestation;

/// <summary>What an Allow of the role's IAM policy must not say about KMS.</summary>
internal static class IamRules
{
    private static readonly string[] Administration = ["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:CreateKey"];

    public static IEnumerable<PolicyFinding> Check(PolicyStatement statement)
    {
        if (statement.Exclusions.Count > 0)
        {
            yield return new("exclusion_in_allow", statement.Name, $"{string.Join(", ", statement.Exclusions)} in an Allow gives everything that nobody thought of.", "Name exactly what may be done.");
        }
        string[] powers = [.. KmsActions.Attested, .. KmsActions.Never, .. Administration];
        if (!powers.Any(statement.Covers))
        {
            yield break;
        }
        if (statement.Actions.Any(pattern => pattern.Contains('*', StringComparison.Ordinal) || pattern.Contains('?', StringComparison.Ordinal)))
        {
            yield return new("wildcard_action", statement.Name, "It gives the role more of KMS than its enclaves need.", "List kms:Decrypt and kms:GenerateDataKey.");
        }
        if (KmsActions.Never.Concat(Administration).Where(statement.Covers).ToList() is { Count: > 0 } never)
        {
            yield return new("beyond_use", statement.Name, $"It gives the enclaves' role {string.Join(", ", never)}, which takes no attestation: whoever is on the parent has it too (K06, K17).", "Leave kms:Decrypt and kms:GenerateDataKey.");
        }
        if (statement.Resources.Any(resource => !resource.Contains(":key/", StringComparison.Ordinal) || resource.Contains('*', StringComparison.Ordinal) || resource.Contains('?', StringComparison.Ordinal)))
        {
            yield return new("any_key", statement.Name, "It is not about the one key: the role can use others, or one that an alias is pointed at later (K28).", "Name the key by its full ARN.");
        }
    }
}
