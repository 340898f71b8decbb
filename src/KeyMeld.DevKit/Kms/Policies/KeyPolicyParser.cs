// IAM JSON policy language: "Grammar of the IAM JSON policy language" (AWS IAM user guide), as far as key policies use it.
using System.Text;
using System.Text.Json;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.DevKit.Kms.Policies;

/// <summary>Reads a key policy. What it does not understand it refuses: a condition that is skipped would be a condition that is not enforced.</summary>
internal static class KeyPolicyParser
{
    /// <summary>Quota "key policy document size", bytes.</summary>
    public const int MaxBytes = 32768;

    private static readonly string[] StatementElements =
        ["Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

    public static KeyPolicy Parse(string text)
    {
        if (Encoding.UTF8.GetByteCount(text) > MaxBytes)
            throw KmsFault.LimitExceeded($"The key policy is larger than {MaxBytes} bytes.");
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return ParseDocument(document.RootElement);
        }
        // A string with half a surrogate pair is an InvalidOperationException when it is read.
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw Malformed("This policy contains invalid Json");
        }
    }

    private static KeyPolicy ParseDocument(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw Malformed("This policy contains invalid Json");
        RefuseOtherThan(root, ["Version", "Id", "Statement"]);
        if (root.TryGetProperty("Version", out var version) && TextOf(version) is not ("2012-10-17" or "2008-10-17"))
            throw Malformed("The policy must contain a valid version string");
        if (!root.TryGetProperty("Statement", out var statements))
            throw Malformed("Policy statement must contain a Statement element.");
        var parsed = Each(statements, JsonValueKind.Object).Select(ParseStatement).ToList();
        return parsed.Count == 0 ? throw Malformed("The policy has no statement.") : new(parsed);
    }

    private static PolicyStatement ParseStatement(JsonElement statement)
    {
        RefuseOtherThan(statement, StatementElements);
        var effect = statement.TryGetProperty("Effect", out var element) ? TextOf(element) : null;
        var (actions, actionsAreExcluded) = OneOf(statement, "Action", "NotAction");
        var (resources, resourcesAreExcluded) = OneOf(statement, "Resource", "NotResource");
        foreach (var action in actions ?? [])
        {
            if (action != "*" && !action.StartsWith("kms:", StringComparison.OrdinalIgnoreCase))
                throw Malformed($"Policy contains a statement with an action that is not of KMS: {action}");
        }
        return new()
        {
            IsAllow = effect switch { "Allow" => true, "Deny" => false, _ => throw Malformed("Policy statement must contain an Effect of Allow or Deny.") },
            Principals = ParsePrincipals(statement),
            Actions = actions,
            ActionsAreExcluded = actionsAreExcluded,
            Resources = resources,
            ResourcesAreExcluded = resourcesAreExcluded,
            Conditions = ParseConditions(statement),
        };
    }

    private static List<PolicyPrincipal> ParsePrincipals(JsonElement statement)
    {
        if (!statement.TryGetProperty("Principal", out var principal))
            throw Malformed("Policy statement must contain a Principal element (NotPrincipal is not offered by this emulator).");
        if (principal.ValueKind == JsonValueKind.String)
            return principal.GetString() == "*" ? [new("*")] : throw InvalidPrincipals();
        if (principal.ValueKind != JsonValueKind.Object)
            throw InvalidPrincipals();
        RefuseOtherThan(principal, ["AWS", "Service", "Federated"]);
        // Services and federated identities are never callers here; their entries stay without effect.
        var named = principal.TryGetProperty("AWS", out var aws) ? Texts(aws) : [];
        if (!principal.EnumerateObject().Any() || named.Any(value => !PolicyPrincipal.IsWellFormed(value)))
            throw InvalidPrincipals();
        return [.. named.Select(value => new PolicyPrincipal(value))];
    }

    private static List<Condition> ParseConditions(JsonElement statement)
    {
        if (!statement.TryGetProperty("Condition", out var block))
            return [];
        var conditions = new List<Condition>();
        foreach (var test in Members(block))
        {
            if (!Condition.IsOffered(test.Name))
                throw Malformed($"The condition operator {test.Name} does not exist, or is not offered by this emulator.");
            conditions.AddRange(Members(test.Value).Select(line => new Condition(test.Name, line.Name, Texts(line.Value))));
        }
        return conditions;
    }

    private static (IReadOnlyList<string>? Values, bool AreExcluded) OneOf(JsonElement statement, string name, string exclusion)
    {
        var hasName = statement.TryGetProperty(name, out var values);
        if (!statement.TryGetProperty(exclusion, out var excluded))
            return (hasName ? Texts(values) : null, false);
        return hasName ? throw Malformed($"Policy statement has both {name} and {exclusion}.") : (Texts(excluded), true);
    }

    private static JsonElement.ObjectEnumerator Members(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object
            ? value.EnumerateObject()
            : throw Malformed("A Condition is an object of operators, each an object of condition keys.");

    private static string? TextOf(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static List<string> Texts(JsonElement value) =>
        [.. (value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToArray() : [value]).Select(item => item.ValueKind switch
        {
            JsonValueKind.String => RefuseVariables(item.GetString()!),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            _ => throw Malformed("A policy element holds something that is not text."),
        })];

    private static IEnumerable<JsonElement> Each(JsonElement value, JsonValueKind kind) =>
        (value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToArray() : [value])
            .Select(item => item.ValueKind == kind ? item : throw Malformed("A policy Statement is an object."));

    private static string RefuseVariables(string text) =>
        text.Contains("${", StringComparison.Ordinal) ? throw Malformed("Policy variables are not offered by this emulator.") : text;

    private static void RefuseOtherThan(JsonElement element, string[] known)
    {
        foreach (var member in element.EnumerateObject().Where(member => !known.Contains(member.Name)))
            throw Malformed($"Policy contains an element that does not exist, or is not offered by this emulator: {member.Name}");
    }

    private static KmsFault InvalidPrincipals() => Malformed("Policy contains a statement with one or more invalid principals.");

    private static KmsFault Malformed(string text) => KmsFault.MalformedPolicy(text);
}
