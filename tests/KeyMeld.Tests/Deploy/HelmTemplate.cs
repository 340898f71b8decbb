using System.Text;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace KeyMeld.Tests.Deploy;

/// <summary>
/// The small part of Helm's template language that the chart uses: values, <c>quote</c>, <c>toYaml | nindent N</c>, <c>if</c> and trimming. Anything else fails the test, so that the chart stays within what is checked here.
/// </summary>
internal sealed partial class HelmTemplate(YamlMappingNode values, string release)
{
    public string Render(string template)
    {
        var output = new StringBuilder();
        var shown = new Stack<bool>([true]);
        var place = 0;
        foreach (Match match in Action().Matches(template))
        {
            var before = template[place..match.Index];
            output.Append(shown.Peek() ? match.Groups[1].Success ? before.TrimEnd() : before : "");
            place = match.Index + match.Length;
            var action = match.Groups[2].Value;
            if (action == "end")
            {
                shown.Pop();
            }
            else if (action.StartsWith("if ", StringComparison.Ordinal))
            {
                shown.Push(shown.Peek() && Value(action[3..]) is not YamlScalarNode { Value: "" or "false" or null });
            }
            else if (shown.Peek())
            {
                output.Append(Evaluate(action));
            }
        }
        Assert.Single(shown);
        output.Append(template[place..]);
        return output.ToString();
    }

    private string Evaluate(string action)
    {
        if (ToYaml().Match(action) is { Success: true } match)
        {
            return Indent(Value(match.Groups[1].Value), int.Parse(match.Groups[2].ValueSpan, System.Globalization.CultureInfo.InvariantCulture));
        }
        var isQuoted = action.EndsWith(" | quote", StringComparison.Ordinal);
        var text = ((YamlScalarNode)Value(isQuoted ? action[..^8] : action)).Value!;
        return isQuoted ? $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"" : text;
    }

    private YamlNode Value(string path)
    {
        if (path == ".Release.Name")
        {
            return new YamlScalarNode(release);
        }
        Assert.StartsWith(".Values.", path, StringComparison.Ordinal);
        return path[8..].Split('.').Aggregate((YamlNode)values, (node, part) => node[part]);
    }

    private static string Indent(YamlNode node, int spaces)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        new YamlStream(new YamlDocument(node)).Save(writer, assignAnchors: false);
        var lines = writer.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.TrimEnd('\r') != "...");
        return string.Concat(lines.Select(line => "\n" + new string(' ', spaces) + line.TrimEnd('\r')));
    }

    [GeneratedRegex(@"\{\{(-)? ?(.+?) ?\}\}")]
    private static partial Regex Action();

    [GeneratedRegex(@"^toYaml (\S+) \| nindent (\d+)$")]
    private static partial Regex ToYaml();
}
