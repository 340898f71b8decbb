// IAM JSON policy elements reference (AWS IAM user guide).
using System.Text.Json;

namespace KeyMeld.Attestation;

/// <summary>One line of a Condition block.</summary>
internal sealed record PolicyCondition(string Operator, string Key, IReadOnlyList<string> Values);

/// <summary>One statement, as it is written. A list of null: the element is missing.</summary>
internal sealed record PolicyStatement(
    string Name, bool IsAllow, IReadOnlyList<string>? Principals, IReadOnlyList<string> OtherPrincipals, IReadOnlyList<string> Actions, IReadOnlyList<string> Resources,
    IReadOnlyList<PolicyCondition> Conditions, IReadOnlyList<string> Exclusions)
{
    /// <summary>Whether its Action element covers an action.</summary>
    public bool Covers(string action) => Actions.Any(pattern => KmsActions.Covers(pattern, action));

    /// <summary>Whether it holds for everybody.</summary>
    public bool IsForAll => Principals is not null && Principals.Contains("*");
}

/// <summary>A policy document, read whole: an element that is not known is not skipped.</summary>
internal sealed record PolicyDocument(IReadOnlyList<PolicyStatement> Statements)
{
    private const int MaxBytes = 64 * 1024;

    /// <summary>Whether it hangs on a principal (IAM) and not on a key.</summary>
    public bool IsOfPrincipal => Statements.All(statement => statement.Principals is null && statement.OtherPrincipals.Count == 0);

    /// <exception cref="FormatException">It is no policy, with the reason.</exception>
    public static PolicyDocument Parse(string text)
    {
        if (text.Length > MaxBytes)
        {
            throw new FormatException("it is larger than any policy");
        }
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            var root = document.RootElement;
            Require(root.ValueKind == JsonValueKind.Object && root.TryGetProperty("Statement", out _), "it has no Statement");
            RequireKnown(root, ["Version", "Id", "Statement"]);
            Require(!root.TryGetProperty("Version", out var version) || version.GetString() is "2012-10-17", "its Version is not 2012-10-17");
            var statements = root.GetProperty("Statement");
            var list = statements.ValueKind == JsonValueKind.Array ? [.. statements.EnumerateArray()] : new List<JsonElement> { statements };
            Require(list.Count > 0, "it has no statement");
            return new PolicyDocument([.. list.Select((statement, index) => Read(statement, index))]);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new FormatException($"it is no policy document: {exception.Message}", exception);
        }
    }

    private static PolicyStatement Read(JsonElement statement, int index)
    {
        Require(statement.ValueKind == JsonValueKind.Object, "a statement is no object");
        RequireKnown(statement, ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"]);
        var name = statement.TryGetProperty("Sid", out var sid) && sid.GetString() is { Length: > 0 } given ? given : $"#{index + 1}";
        var effect = statement.TryGetProperty("Effect", out var value) ? value.GetString() : null;
        Require(effect is "Allow" or "Deny", $"the Effect of {name} is neither Allow nor Deny");
        var (principals, others) = ReadPrincipals(statement);
        return new PolicyStatement(
            name, effect == "Allow", principals, others, Texts(statement, "Action"), Texts(statement, "Resource"), ReadConditions(statement),
            [.. ((string[])["NotPrincipal", "NotAction", "NotResource"]).Where(element => statement.TryGetProperty(element, out _))]);
    }

    private static (IReadOnlyList<string>? Aws, IReadOnlyList<string> Others) ReadPrincipals(JsonElement statement)
    {
        if (!statement.TryGetProperty("Principal", out var principal))
        {
            return (null, []);
        }
        if (principal.ValueKind == JsonValueKind.String)
        {
            return ([principal.GetString()!], []);
        }
        return (Texts(principal, "AWS"), [.. principal.EnumerateObject().Where(member => member.Name != "AWS").SelectMany(member => Texts(principal, member.Name))]);
    }

    private static List<PolicyCondition> ReadConditions(JsonElement statement) => statement.TryGetProperty("Condition", out var block)
        ? [.. block.EnumerateObject().SelectMany(test => test.Value.EnumerateObject().Select(line => new PolicyCondition(test.Name, line.Name, Texts(test.Value, line.Name))))]
        : [];

    private static IReadOnlyList<string> Texts(JsonElement parent, string name) => !parent.TryGetProperty(name, out var value) ? []
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(Text)]
        : [Text(value)];

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => throw new FormatException("an element holds something that is no text"),
    };

    private static void RequireKnown(JsonElement element, string[] known)
    {
        foreach (var member in element.EnumerateObject())
        {
            Require(known.Contains(member.Name), $"it has an element that is not known: {member.Name}");
        }
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new FormatException(otherwise);
        }
    }
}
