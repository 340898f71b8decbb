namespace KeyMeld.DevKit.Kms.Policies;

internal enum Decision
{
    Allowed,
    ExplicitDeny,
    ImplicitDeny,
}

/// <summary>One statement. A list of null means the element is missing: AWS keeps such a statement and gives it no effect.</summary>
internal sealed record PolicyStatement
{
    public required bool IsAllow { get; init; }

    public required IReadOnlyList<PolicyPrincipal> Principals { get; init; }

    public required IReadOnlyList<string>? Actions { get; init; }

    /// <summary>True for NotAction: every action but the listed.</summary>
    public required bool ActionsAreExcluded { get; init; }

    public required IReadOnlyList<string>? Resources { get; init; }

    public required bool ResourcesAreExcluded { get; init; }

    public required IReadOnlyList<Condition> Conditions { get; init; }

    public bool Applies(Caller caller, string action, string keyArn, ConditionFacts facts) =>
        Actions is not null && Resources is not null
        && Principals.Any(principal => principal.Matches(caller))
        && Actions.Any(pattern => Wildcards.MatchesAction(pattern, action)) != ActionsAreExcluded
        && Resources.Any(pattern => Wildcards.Matches(pattern, keyArn)) != ResourcesAreExcluded
        && Conditions.All(condition => condition.Holds(facts));
}

/// <summary>A key policy: nothing is allowed but what a statement allows and none denies.</summary>
internal sealed record KeyPolicy(IReadOnlyList<PolicyStatement> Statements)
{
    /// <summary>What AWS attaches to a key created without a policy: the account, and with it every principal with IAM's leave, may do everything.</summary>
    public static string DefaultFor(string accountId) =>
        $$"""
        {
          "Version" : "2012-10-17",
          "Id" : "key-default-1",
          "Statement" : [ {
            "Sid" : "Enable IAM User Permissions",
            "Effect" : "Allow",
            "Principal" : {
              "AWS" : "arn:aws:iam::{{accountId}}:root"
            },
            "Action" : "kms:*",
            "Resource" : "*"
          } ]
        }
        """;

    public Decision Evaluate(Caller caller, string action, string keyArn, ConditionFacts facts)
    {
        var applying = Statements.Where(statement => statement.Applies(caller, action, keyArn, facts)).ToList();
        return applying.Exists(statement => !statement.IsAllow) ? Decision.ExplicitDeny
            : applying.Count != 0 ? Decision.Allowed
            : Decision.ImplicitDeny;
    }
}
