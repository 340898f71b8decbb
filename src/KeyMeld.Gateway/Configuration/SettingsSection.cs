using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace KeyMeld.Gateway.Configuration;

/// <summary>
/// One mapping of the file, read by name. Every mistake goes into one list so that all are shown at once, and what nobody asked for is a mistake too.
/// </summary>
internal sealed class SettingsSection
{
    private readonly YamlMappingNode? _node;
    private readonly string _path;
    private readonly List<string> _errors;
    private readonly HashSet<string> _known = [];

    private SettingsSection(YamlMappingNode? node, string path, List<string> errors) => (_node, _path, _errors) = (node, path, errors);

    public static SettingsSection Root(YamlMappingNode node, List<string> errors) => new(node, "", errors);

    public SettingsSection Section(string name, bool required = true)
    {
        var child = Find(name);
        if (child is null && required)
        {
            _errors.Add($"{Name(name)}: is missing");
        }
        if (child is not (null or YamlMappingNode))
        {
            _errors.Add($"{Name(name)}: must be a section of settings");
        }
        return new SettingsSection(child as YamlMappingNode, Name(name), _errors);
    }

    public IEnumerable<SettingsSection> Sections(string name)
    {
        if (Find(name) is not YamlSequenceNode { Children.Count: > 0 } list)
        {
            _errors.Add($"{Name(name)}: must be a list with at least one entry");
            yield break;
        }
        for (var index = 0; index < list.Children.Count; index++)
        {
            var place = $"{Name(name)}[{index}]";
            if (list.Children[index] is not YamlMappingNode)
            {
                _errors.Add($"{place}: must be a section of settings");
            }
            yield return new SettingsSection(list.Children[index] as YamlMappingNode, place, _errors);
        }
    }

    /// <summary>Whether it stands there at all, as something else than null.</summary>
    public bool Has(string name) => Find(name) is { } node && !(node is YamlScalarNode scalar && IsNull(scalar));

    /// <summary>A setting that must be there and not be null.</summary>
    public string? Text(string name)
    {
        var text = OptionalText(name);
        // A section that is missing altogether has been reported as such.
        if (text is null && _node is not null && !HasError(name))
        {
            _errors.Add($"{Name(name)}: is missing");
        }
        return text;
    }

    public string? OptionalText(string name)
    {
        switch (Find(name))
        {
            case null:
                return null;
            case YamlScalarNode scalar:
                return IsNull(scalar) ? null : scalar.Value;
            default:
                _errors.Add($"{Name(name)}: must be a single value");
                return null;
        }
    }

    /// <summary>A list of single values; none where it is left out.</summary>
    public IReadOnlyList<string> Texts(string name)
    {
        switch (Find(name))
        {
            case null:
            case YamlScalarNode scalar when IsNull(scalar):
                return [];
            case YamlSequenceNode list when list.Children.All(child => child is YamlScalarNode { Value: not null }):
                return [.. list.Children.Cast<YamlScalarNode>().Select(child => child.Value!)];
            default:
                _errors.Add($"{Name(name)}: must be a list of single values");
                return [];
        }
    }

    public bool? Flag(string name) => Text(name) switch
    {
        "true" => true,
        "false" => false,
        null => null,
        var other => Fail<bool?>(name, $"must be true or false, not '{other}'"),
    };

    public int? Number(string name, int minimum, int maximum, int? preset = null)
    {
        var text = preset is null ? Text(name) : OptionalText(name);
        if (text is null)
        {
            return preset;
        }
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= minimum && number <= maximum
            ? number
            : Fail<int?>(name, $"must be a whole number from {minimum} to {maximum}, not '{text}'");
    }

    public T? Fail<T>(string name, string what)
    {
        _errors.Add($"{Name(name)}: {what}");
        return default;
    }

    /// <summary>Reports the settings nobody asked for.</summary>
    public void Finish()
    {
        foreach (var key in _node?.Children.Keys ?? Enumerable.Empty<YamlNode>())
        {
            var name = (key as YamlScalarNode)?.Value ?? key.ToString();
            if (!_known.Contains(name))
            {
                _errors.Add($"{Name(name)}: is no setting; known are {string.Join(", ", _known.Order(StringComparer.Ordinal))}");
            }
        }
    }

    // Plain (unquoted) null, ~ and nothing, as YAML 1.2's core schema has it.
    private static bool IsNull(YamlScalarNode scalar) =>
        scalar.Style is YamlDotNet.Core.ScalarStyle.Plain or YamlDotNet.Core.ScalarStyle.Any && scalar.Value is null or "" or "null" or "~";

    private YamlNode? Find(string name)
    {
        _known.Add(name);
        return _node is not null && _node.Children.TryGetValue(new YamlScalarNode(name), out var child) ? child : null;
    }

    private bool HasError(string name) => _errors.Exists(error => error.StartsWith(Name(name) + ":", StringComparison.Ordinal));

    private string Name(string name) => _path.Length == 0 ? name : $"{_path}.{name}";
}
