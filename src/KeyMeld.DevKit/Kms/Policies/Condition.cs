// IAM JSON policy elements: condition operators, and "Using set operators in condition policies" (AWS IAM user guide).
using System.Collections.Frozen;

namespace KeyMeld.DevKit.Kms.Policies;

/// <summary>One line of a Condition block: an operator, a condition key and the values it is compared with.</summary>
internal sealed record Condition(string Operator, string Key, IReadOnlyList<string> Values)
{
    private const string AnyPrefix = "ForAnyValue:";
    private const string AllPrefix = "ForAllValues:";
    private const string IfExistsSuffix = "IfExists";
    private const string NullOperator = "Null";

    private static readonly FrozenDictionary<string, (Func<string, string, bool> Compare, bool IsNegated)> Comparisons =
        new Dictionary<string, (Func<string, string, bool>, bool)>
        {
            ["StringEquals"] = (Equal, false),
            ["StringNotEquals"] = (Equal, true),
            ["StringEqualsIgnoreCase"] = (EqualIgnoringCase, false),
            ["StringNotEqualsIgnoreCase"] = (EqualIgnoringCase, true),
            ["StringLike"] = (Wildcards.Matches, false),
            ["StringNotLike"] = (Wildcards.Matches, true),
            ["ArnEquals"] = (Wildcards.MatchesArn, false),
            ["ArnLike"] = (Wildcards.MatchesArn, false),
            ["ArnNotEquals"] = (Wildcards.MatchesArn, true),
            ["ArnNotLike"] = (Wildcards.MatchesArn, true),
            ["Bool"] = (EqualIgnoringCase, false),
        }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    public static bool IsOffered(string name) =>
        name.Equals(NullOperator, StringComparison.OrdinalIgnoreCase) || Comparisons.ContainsKey(Split(name).Comparison);

    /// <summary>
    /// A missing key makes a positive operator false and a negated one true, so that a Deny on StringNotEquals also meets requests without attestation;
    /// …IfExists and ForAllValues are true for it, ForAnyValue is false.
    /// </summary>
    public bool Holds(ConditionFacts facts)
    {
        var found = facts.Find(Key);
        if (Operator.Equals(NullOperator, StringComparison.OrdinalIgnoreCase))
            return Values.Any(value => EqualIgnoringCase(value, found is null ? "true" : "false"));

        var (comparison, isAny, isAll, ifExists) = Split(Operator);
        var (compare, isNegated) = Comparisons[comparison];
        if (found is null)
            return ifExists || isAll || (!isAny && isNegated);

        bool Passes(string value) => Values.Any(expected => compare(expected, value)) != isNegated;
        // Without a set operator several values of a request count as AWS documents for single-valued keys taken one by one: a positive
        // operator wants one that matches, a negated one none that does.
        return isAny || (!isAll && !isNegated) ? found.Any(Passes) : found.All(Passes);
    }

    private static (string Comparison, bool IsAny, bool IsAll, bool IfExists) Split(string name)
    {
        var isAny = name.StartsWith(AnyPrefix, StringComparison.OrdinalIgnoreCase);
        var isAll = name.StartsWith(AllPrefix, StringComparison.OrdinalIgnoreCase);
        var rest = isAny ? name[AnyPrefix.Length..] : isAll ? name[AllPrefix.Length..] : name;
        var ifExists = rest.EndsWith(IfExistsSuffix, StringComparison.OrdinalIgnoreCase);
        return (ifExists ? rest[..^IfExistsSuffix.Length] : rest, isAny, isAll, ifExists);
    }

    private static bool Equal(string expected, string value) => expected == value;

    private static bool EqualIgnoringCase(string expected, string value) => expected.Equals(value, StringComparison.OrdinalIgnoreCase);
}
