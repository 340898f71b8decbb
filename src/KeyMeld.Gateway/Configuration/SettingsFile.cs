// YAML 1.2 by YamlDotNet's representation model: its object mapper needs reflection.
using System.Collections;
using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace KeyMeld.Gateway.Configuration;

/// <summary>The file as a tree, with the environment's <c>KEYMELD__SECTION__KEY</c> laid over it. An override that names no setting is found like any unknown setting.</summary>
internal static class SettingsFile
{
    private const string Prefix = "KEYMELD__";

    public static YamlMappingNode? Parse(string yaml, IDictionary environment, List<string> errors)
    {
        var root = ParseYaml(yaml, errors);
        if (root is null)
        {
            return null;
        }
        foreach (var (name, value) in Overrides(environment))
        {
            Override(root, name, value, errors);
        }
        return root;
    }

    private static YamlMappingNode? ParseYaml(string yaml, List<string> errors)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(yaml));
        }
        catch (YamlException exception)
        {
            errors.Add($"line {exception.Start.Line}: {exception.Message}");
            return null;
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // What the library itself did not expect of such a file.
            errors.Add("the file is not readable as YAML");
            return null;
        }
        if (stream.Documents is [{ RootNode: YamlMappingNode root }])
        {
            return root;
        }
        errors.Add("the file must be one YAML document with settings");
        return null;
    }

    // Sorted, so that list entries come in order and errors always read the same.
    private static IEnumerable<(string Name, string Value)> Overrides(IDictionary environment) => environment.Cast<DictionaryEntry>()
        .Select(entry => (Name: (string)entry.Key, Value: (string?)entry.Value ?? ""))
        .Where(entry => entry.Name.StartsWith(Prefix, StringComparison.Ordinal))
        .OrderBy(entry => entry.Name.Length).ThenBy(entry => entry.Name, StringComparer.Ordinal);

    private static void Override(YamlMappingNode root, string name, string value, List<string> errors)
    {
        var steps = name[Prefix.Length..].ToLowerInvariant().Split("__");
        YamlNode place = root;
        for (var depth = 0; depth < steps.Length; depth++)
        {
            YamlNode Fresh() => depth == steps.Length - 1 ? new YamlScalarNode(value)
                : IsIndex(steps[depth + 1]) ? new YamlSequenceNode() : new YamlMappingNode();
            var next = Step(place, steps[depth], depth == steps.Length - 1, Fresh);
            if (next is null)
            {
                errors.Add($"{name}: does not lead to a setting");
                return;
            }
            place = next;
        }
    }

    /// <summary>The child of that name or index, made where there is none; null where the tree has another shape.</summary>
    private static YamlNode? Step(YamlNode place, string step, bool last, Func<YamlNode> fresh)
    {
        switch (place)
        {
            case YamlMappingNode map when step.Length > 0:
                var key = new YamlScalarNode(step);
                if (map.Children.TryGetValue(key, out var child) && (last ? child is YamlScalarNode : child is not YamlScalarNode))
                {
                    return last ? map.Children[key] = fresh() : child;
                }
                return child is null or YamlScalarNode { Value: "" or "null" or "~" } ? map.Children[key] = fresh() : null;
            case YamlSequenceNode list when IsIndex(step):
                var index = int.Parse(step, CultureInfo.InvariantCulture);
                if (index == list.Children.Count)
                {
                    list.Add(fresh());
                }
                else if (last && index < list.Children.Count)
                {
                    list.Children[index] = fresh();
                }
                return index < list.Children.Count ? list.Children[index] : null;
            default:
                return null;
        }
    }

    private static bool IsIndex(string step) => step.Length is > 0 and < 4 && step.All(char.IsAsciiDigit);
}
