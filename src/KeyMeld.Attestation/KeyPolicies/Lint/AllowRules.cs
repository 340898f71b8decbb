namespace KeyMeld.Attestation;

/// <summary>What an Allow of a key policy must not say.</summary>
internal static class AllowRules
{
    private const string OneRelease = "Write one Allow a release with PCR0, PCR1 and PCR2 by StringEqualsIgnoreCase, as `keymeld kms policy` does.";

    private static readonly string[] Powers = [.. KmsActions.Attested, .. KmsActions.Never, "kms:PutKeyPolicy"];

    public static IEnumerable<PolicyFinding> Check(PolicyStatement statement) =>
        Exclusions(statement).Concat(Principals(statement)).Concat(Actions(statement)).Concat(IsUse(statement) ? Attestation(statement) : []);

    /// <summary>Whether it lets somebody get secrets out of the key.</summary>
    public static bool IsUse(PolicyStatement statement) => statement.IsAllow && KmsActions.Attested.Any(statement.Covers);

    private static IEnumerable<PolicyFinding> Exclusions(PolicyStatement statement) => statement.Exclusions.Select(element =>
        new PolicyFinding("exclusion_in_allow", statement.Name, $"{element} in an Allow gives everything that nobody thought of.", "Name exactly who may do what."));

    private static IEnumerable<PolicyFinding> Principals(PolicyStatement statement)
    {
        var powerful = Powers.Any(statement.Covers);
        foreach (var principal in statement.Principals ?? [])
        {
            if (principal == "*")
            {
                yield return new("any_principal", statement.Name, "Everybody, in every account, is allowed.", "Name the one role by its ARN.");
            }
            else if (principal.Contains('*', StringComparison.Ordinal) || principal.Contains('?', StringComparison.Ordinal))
            {
                yield return new("wildcard_principal", statement.Name, $"'{principal}' lets in principals that somebody may make later.", "Name the one role by its ARN.");
            }
            else if (powerful && (principal.EndsWith(":root", StringComparison.Ordinal) || principal.All(char.IsAsciiDigit)))
            {
                yield return new("root_delegation", statement.Name, "It hands the key to the account's IAM: every IAM administrator can give herself its use without attestation (K17).",
                    "Remove the statement; name the administrators and the role by their own ARNs.");
            }
        }
        if (powerful && statement.OtherPrincipals.Count > 0)
        {
            yield return new("foreign_principal", statement.Name, "An AWS service or a federated identity may use or change the key; neither attests.", "Remove it.");
        }
    }

    private static IEnumerable<PolicyFinding> Actions(PolicyStatement statement)
    {
        foreach (var pattern in statement.Actions.Where(pattern => pattern.Contains('*', StringComparison.Ordinal) || pattern.Contains('?', StringComparison.Ordinal)))
        {
            yield return new("wildcard_action", statement.Name, $"'{pattern}' allows actions nobody meant, and those that AWS adds later.", "List the actions.");
        }
        foreach (var (code, actions, why) in ((string, string[], string)[])
        [
            ("grants_allowed", ["kms:CreateGrant"], "A grant gives the key's use to others beside the policy (K17)."),
            ("replica_allowed", ["kms:ReplicateKey", "kms:UpdatePrimaryRegion"], "A replica in another region has a policy of its own, which may be weaker (K27)."),
            ("unattested_operation", ["kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKeyWithoutPlaintext", "kms:GenerateDataKeyPairWithoutPlaintext"],
                "It takes no attestation: whoever has the credentials can seal a data key of his own, or carry one to a key of his own (K06)."),
        ])
        {
            if (actions.Where(statement.Covers).ToList() is { Count: > 0 } covered)
            {
                yield return new(code, statement.Name, $"It allows {string.Join(", ", covered)}. {why}", "Remove it, and deny it to everybody.");
            }
        }
        if (IsUse(statement) && statement.Covers("kms:PutKeyPolicy"))
        {
            yield return new("administrator_uses_key", statement.Name, "Who may change the policy may also use the key: its holder needs nobody's help to take the keys (K17).", "Give administration and use to different principals.");
        }
    }

    private static IEnumerable<PolicyFinding> Attestation(PolicyStatement statement)
    {
        var lines = statement.Conditions.Where(condition => AttestedCondition.RegisterOf(condition) is not null).ToList();
        if (lines.Count == 0)
        {
            return [new("unattested_use", statement.Name, "It allows the use of the key without any attestation: whoever has the credentials opens the sealed keys (K06).", OneRelease)];
        }
        return [.. lines.SelectMany(line => Operators(statement, line)), .. lines.SelectMany(line => Values(statement, line)), .. Whole(statement)];
    }

    private static IEnumerable<PolicyFinding> Operators(PolicyStatement statement, PolicyCondition line)
    {
        if (AttestedCondition.Demands(line))
        {
            yield break;
        }
        yield return line.Operator.Contains("Not", StringComparison.OrdinalIgnoreCase)
            ? new("condition_negated", statement.Name, $"{line.Operator} on {line.Key} is true without attestation and for every other image.", OneRelease)
            : line.Operator.Contains("Like", StringComparison.OrdinalIgnoreCase)
            ? new("pcr_wildcard", statement.Name, $"{line.Operator} on {line.Key} compares patterns: one register is one value.", OneRelease)
            : new("condition_optional", statement.Name, $"{line.Operator} on {line.Key} is true where there is no attestation at all.", OneRelease);
    }

    private static IEnumerable<PolicyFinding> Values(PolicyStatement statement, PolicyCondition line) => line.Values
        .Select(value => AttestedCondition.Fault(line, value)).OfType<(string Code, string Why)>().Distinct()
        .Select(fault => new PolicyFinding(fault.Code, statement.Name, $"{line.Key}: {fault.Why}", OneRelease));

    private static IEnumerable<PolicyFinding> Whole(PolicyStatement statement)
    {
        int[] missing = [.. ((int[])[0, 1, 2]).Where(register => AttestedCondition.Values(statement, register).Count == 0)];
        if (missing.Contains(0) && AttestedCondition.Values(statement, 8).Count > 0)
        {
            yield return new("signer_only", statement.Name, "PCR8 names who signed the image, not the image: every image ever signed with that certificate is let in, old and faulty ones too (K16).", OneRelease);
        }
        else if (missing.Length > 0)
        {
            yield return new("pcr_incomplete", statement.Name,
                $"{string.Join(" and ", missing.Select(register => $"PCR{register}"))} is not demanded. PCR0 alone does not say where the kernel ends and the application begins (K15).", OneRelease);
        }
        if (((int[])[0, 1, 2]).Any(register => AttestedCondition.Values(statement, register).Distinct().Count() > 1))
        {
            yield return new("cross_product", statement.Name, "Several values in one statement let in their mixtures: PCR0 of one release with PCR2 of another.", OneRelease);
        }
    }
}
