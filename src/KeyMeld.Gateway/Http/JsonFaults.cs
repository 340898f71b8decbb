using System.Text.Json;

namespace KeyMeld.Gateway.Http;

/// <summary>
/// What is wrong with a body, in the API's words: where, and what. The serializer's sentences name .NET types and sometimes what was sent; only names of the contract's members are taken from them, and of
/// the caller's text nothing but the path, cut short.
/// </summary>
internal static class JsonFaults
{
    private const int LongestPath = 200;
    private const string Missing = "was missing required properties including: ";

    public static string Describe(JsonException exception)
    {
        var path = exception.Path is { Length: > 0 } found ? found : "$";
        path = path.Length <= LongestPath ? path : path[..LongestPath] + "…";
        return NamesOfMissing(exception.Message) is { Count: > 0 } names
            ? $"{string.Join(", ", names.Select(name => $"{path}.{name}"))}: {(names.Count == 1 ? "is" : "are")} missing."
            : $"{path}: {Reason(exception.Message)}";
    }

    // … was missing required properties including: 'statement', 'signatures'.
    private static List<string> NamesOfMissing(string message)
    {
        var start = message.IndexOf(Missing, StringComparison.Ordinal);
        return start < 0 ? [] : [.. message[(start + Missing.Length)..].Split('\'').Where((_, index) => index % 2 == 1).Where(IsName)];
    }

    private static bool IsName(string text) => text.Length > 0 && text.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '_');

    private static string Reason(string message) =>
        message.StartsWith("Duplicate property ", StringComparison.Ordinal) ? "stands there twice."
        : message.Contains("could not be mapped to any .NET member", StringComparison.Ordinal) ? "this call has no such member."
        : message.Contains("doesn't allow setting null values", StringComparison.Ordinal) || message.Contains("doesn't allow null values", StringComparison.Ordinal) ? "must not be null."
        : Own(message);

    // The contracts' converters say what a value must be; the serializer adds the path to that.
    private static string Own(string message)
    {
        var end = message.IndexOf(" Path:", StringComparison.Ordinal);
        var sentence = end < 0 ? message : message[..end];
        return sentence.Contains("KeyMeld.", StringComparison.Ordinal) || sentence.Contains("System.", StringComparison.Ordinal) ? "is not what this call takes here." : sentence;
    }
}
