using System.Globalization;
using System.Text;
using System.Text.Json;
using KeyMeld.DevKit.Kms.Ciphertext;

namespace KeyMeld.DevKit.Kms.Wire;

/// <summary>
/// Reads the members of a request as AWS does: a wrong JSON type is a SerializationException at once, violated constraints are gathered and reported
/// together by <see cref="Check"/>, unknown members are ignored.
/// </summary>
internal sealed class RequestReader(JsonElement body)
{
    private readonly List<string> _violations = [];

    public string? Text(string name, int minimum = 1, int maximum = int.MaxValue)
    {
        if (!TryFind(name, JsonValueKind.String, out var value))
            return null;
        var text = TextOf(value, name);
        CheckLength($"'{text}' ", name, text.Length, minimum, maximum);
        return text;
    }

    public string RequiredText(string name, int minimum = 1, int maximum = int.MaxValue) => Text(name, minimum, maximum) ?? Missing(name, "");

    /// <summary>A text out of a closed set; <paramref name="shownAs"/> is the set as AWS prints it.</summary>
    public string? Choice(string name, IReadOnlyList<string> choices, string? shownAs = null)
    {
        if (!TryFind(name, JsonValueKind.String, out var value))
            return null;
        var text = TextOf(value, name);
        if (!choices.Contains(text))
            Violate($"'{text}' ", name, $"satisfy enum value set: [{shownAs ?? string.Join(", ", choices)}]");
        return text;
    }

    public byte[]? Blob(string name, int maximum)
    {
        if (!TryFind(name, JsonValueKind.String, out var value))
            return null;
        if (!value.TryGetBytesFromBase64(out var bytes))
            throw KmsFault.Serialization($"{Shown(name)} is not base64.");
        CheckLength("", name, bytes.Length, 1, maximum);
        return bytes;
    }

    public byte[] RequiredBlob(string name, int maximum) => Blob(name, maximum) ?? Missing(name, Array.Empty<byte>());

    public int? Integer(string name, int minimum, int maximum)
    {
        if (!TryFind(name, JsonValueKind.Number, out var value))
            return null;
        if (!value.TryGetInt32(out var number))
            throw KmsFault.Serialization($"{Shown(name)} is not an integer.");
        if (number < minimum)
            Violate($"'{number}' ", name, $"have value greater than or equal to {minimum}");
        if (number > maximum)
            Violate($"'{number}' ", name, $"have value less than or equal to {maximum}");
        return number;
    }

    public bool Flag(string name)
    {
        if (!body.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return false;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw WrongType(name);
    }

    public EncryptionContext Context(string name)
    {
        if (!TryFind(name, JsonValueKind.Object, out var value))
            return EncryptionContext.Empty;
        var pairs = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var size = 0;
        foreach (var member in value.EnumerateObject())
        {
            var (key, text) = (Decoded(() => member.Name, name), TextOf(member.Value, name));
            pairs[key] = text;
            size += Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(text);
        }
        if (size > EncryptionContext.MaxBytes)
            throw KmsFault.Validation($"The encryption context is larger than {EncryptionContext.MaxBytes} bytes.");
        return new(pairs);
    }

    public IReadOnlyList<string> Texts(string name, int maximum)
    {
        if (!TryFind(name, JsonValueKind.Array, out var value))
            return [];
        CheckLength("", name, value.GetArrayLength(), 0, maximum);
        return [.. value.EnumerateArray().Select(item => TextOf(item, name))];
    }

    /// <summary>The members of a nested structure, named in errors as AWS does (`recipient.attestationDocument`).</summary>
    public RequestReader? Structure(string name) => TryFind(name, JsonValueKind.Object, out var value) ? new(value) { Prefix = Shown(name) + "." } : null;

    public IReadOnlyList<RequestReader> Structures(string name)
    {
        if (!TryFind(name, JsonValueKind.Array, out var value))
            return [];
        return [.. value.EnumerateArray().Select((item, index) => item.ValueKind == JsonValueKind.Object
            ? new RequestReader(item) { Prefix = string.Create(CultureInfo.InvariantCulture, $"{Shown(name)}.{index + 1}.member.") }
            : throw WrongType(name))];
    }

    /// <summary>Ends the reading: one ValidationException for everything gathered in this reader and in <paramref name="nested"/>.</summary>
    public void Check(params ReadOnlySpan<RequestReader> nested)
    {
        var all = new List<string>(_violations);
        foreach (var reader in nested)
            all.AddRange(reader._violations);
        if (all.Count != 0)
            throw KmsFault.Validation($"{all.Count} validation error{(all.Count == 1 ? "" : "s")} detected: {string.Join("; ", all)}");
    }

    private string Prefix { get; init; } = "";

    private string Shown(string name) => Prefix + char.ToLowerInvariant(name[0]) + name[1..];

    private bool TryFind(string name, JsonValueKind kind, out JsonElement value)
    {
        if (!body.TryGetProperty(name, out value) || value.ValueKind == JsonValueKind.Null)
            return false;
        return value.ValueKind == kind ? true : throw WrongType(name);
    }

    private string TextOf(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.String ? Decoded(() => value.GetString()!, name) : throw WrongType(name);

    // The parser leaves strings encoded; half a surrogate pair or bytes that are no UTF-8 show only when one is read.
    private string Decoded(Func<string> read, string name)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            throw KmsFault.Serialization($"{Shown(name)} is not Unicode text.");
        }
    }

    private KmsFault WrongType(string name) => KmsFault.Serialization($"{Shown(name)} has the wrong JSON type.");

    private T Missing<T>(string name, T standIn)
    {
        Violate("null ", name, "not be null");
        return standIn;
    }

    private void Violate(string shownValue, string name, string constraint) =>
        _violations.Add($"Value {shownValue}at '{Shown(name)}' failed to satisfy constraint: Member must {constraint}");

    private void CheckLength(string shownValue, string name, int length, int minimum, int maximum)
    {
        if (length < minimum)
            Violate(shownValue, name, $"have length greater than or equal to {minimum}");
        if (length > maximum)
            Violate(shownValue, name, $"have length less than or equal to {maximum}");
    }
}
