using System.Globalization;

namespace KeyMeld.Enclave.Configuration;

/// <summary>Reads the members of one mapping; what is missing, unknown or of the wrong type goes to the list of errors and reading goes on.</summary>
internal sealed class YamlSection
{
    private readonly string _path;
    private readonly List<string> _errors;
    private readonly YamlTree.Mapping? _mapping;

    public YamlSection(YamlTree? tree, string path, List<string> errors, params ReadOnlySpan<string> known)
    {
        _path = path;
        _errors = errors;
        _mapping = tree as YamlTree.Mapping;
        if (_mapping is null && tree is not null)
        {
            Complain(tree, path.Length == 0 ? "the file" : path.TrimEnd('.'), "a mapping");
        }
        foreach (var (name, value) in _mapping?.Members ?? new Dictionary<string, YamlTree>())
        {
            if (!known.Contains(name))
            {
                errors.Add($"Line {value.Line}: '{path}{name}' is unknown; known are {string.Join(", ", known!)}.");
            }
        }
    }

    /// <summary>False when the section could not be read at all: its members are not reported one by one then.</summary>
    public bool Present => _mapping is not null;

    public YamlSection Section(string name, params ReadOnlySpan<string> known) => new(Find(name, required: false), _path + name + ".", _errors, known);

    public string? Text(string name, bool required = true)
    {
        var node = Find(name, required);
        if (node is null || (!required && IsNull(node)))
        {
            return null;
        }
        if (node is YamlTree.Scalar scalar && (scalar.Quoted || !LooksLikeAnotherType(scalar.Value)))
        {
            return scalar.Value;
        }
        Complain(node, _path + name, "text");
        return null;
    }

    public bool? Flag(string name)
    {
        switch (Find(name, required: false))
        {
            case null:
                return null;
            case YamlTree.Scalar { Quoted: false, Value: "true" }:
                return true;
            case YamlTree.Scalar { Quoted: false, Value: "false" }:
                return false;
            case var other:
                Complain(other, _path + name, "true or false");
                return null;
        }
    }

    public long? Number(string name, long least, long most)
    {
        var node = Find(name, required: false);
        if (node is null)
        {
            return null;
        }
        if (node is YamlTree.Scalar { Quoted: false } scalar && long.TryParse(scalar.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value >= least && value <= most)
        {
            return value;
        }
        Complain(node, _path + name, $"a whole number from {least} to {most}");
        return null;
    }

    public IReadOnlyList<string> Texts(string name)
    {
        var node = Find(name, required: false);
        if (node is null)
        {
            return [];
        }
        if (node is YamlTree.Sequence sequence && sequence.Items.All(item => item is YamlTree.Scalar scalar && (scalar.Quoted || !LooksLikeAnotherType(scalar.Value))))
        {
            return [.. sequence.Items.Select(item => ((YamlTree.Scalar)item).Value)];
        }
        Complain(node, _path + name, "a list of texts");
        return [];
    }

    public void Complain(string name, string what) => _errors.Add(
        _mapping is not null && _mapping.Members.TryGetValue(name, out var node) ? $"Line {node.Line}: '{_path}{name}' {what}" : $"'{_path}{name}' {what}");

    private YamlTree? Find(string name, bool required)
    {
        if (_mapping is not null && _mapping.Members.TryGetValue(name, out var node))
        {
            return node;
        }
        if (required && (_mapping is not null || _path.Length > 0))
        {
            _errors.Add($"'{_path}{name}' is missing.");
        }
        return null;
    }

    private void Complain(YamlTree node, string what, string expected) => _errors.Add($"Line {node.Line}: '{what}' must be {expected}.");

    private static bool IsNull(YamlTree node) => node is YamlTree.Scalar { Quoted: false, Value: "" or "~" or "null" or "Null" or "NULL" };

    // The core schema of YAML 1.2 would make these null, a boolean or a number.
    private static bool LooksLikeAnotherType(string value) =>
        value is "" or "~" || value.ToLowerInvariant() is "null" or "true" or "false" or "yes" or "no" or "on" or "off"
        || double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
}
