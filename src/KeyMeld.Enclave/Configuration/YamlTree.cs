// YAML 1.2 as far as a configuration needs it: no anchors, aliases, tags or second documents, every mistake noted with its line.
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace KeyMeld.Enclave.Configuration;

internal abstract record YamlTree(long Line)
{
    private const int MaxDepth = 8;

    public sealed record Scalar(long Line, string Value, bool Quoted) : YamlTree(Line);

    public sealed record Sequence(long Line, IReadOnlyList<YamlTree> Items) : YamlTree(Line);

    public sealed record Mapping(long Line, IReadOnlyDictionary<string, YamlTree> Members) : YamlTree(Line);

    /// <summary>The one document in <paramref name="text"/>; null when it cannot be read at all.</summary>
    public static YamlTree? Parse(string text, List<string> errors)
    {
        try
        {
            var parser = new Parser(new StringReader(text));
            parser.Consume<StreamStart>();
            if (!parser.Accept<DocumentStart>(out _))
            {
                errors.Add("The file is empty.");
                return null;
            }
            parser.Consume<DocumentStart>();
            var root = Read(parser, errors, 0);
            parser.Consume<DocumentEnd>();
            if (!parser.TryConsume<StreamEnd>(out _))
            {
                errors.Add("The file holds more than one document.");
            }
            return root;
        }
        catch (YamlException exception)
        {
            errors.Add($"Line {exception.Start.Line}: not readable as YAML.");
            return null;
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // What the library itself did not expect of such a file.
            errors.Add("The file is not readable as YAML.");
            return null;
        }
    }

    private static YamlTree Read(Parser parser, List<string> errors, int depth)
    {
        var line = parser.Current!.Start.Line;
        if (depth > MaxDepth)
        {
            throw new YamlException(parser.Current.Start, parser.Current.End, "too deep");
        }
        if (parser.Current is NodeEvent { Anchor.IsEmpty: false } or NodeEvent { Tag.IsEmpty: false } or AnchorAlias)
        {
            errors.Add($"Line {line}: anchors, aliases and tags are not allowed.");
        }
        if (parser.TryConsume<YamlDotNet.Core.Events.Scalar>(out var scalar))
        {
            return new Scalar(line, scalar.Value, scalar.Style is not ScalarStyle.Plain);
        }
        if (parser.TryConsume<AnchorAlias>(out _))
        {
            return new Scalar(line, "", Quoted: true);
        }
        return parser.TryConsume<SequenceStart>(out _) ? ReadSequence(parser, errors, depth, line) : ReadMapping(parser, errors, depth, line);
    }

    private static Sequence ReadSequence(Parser parser, List<string> errors, int depth, long line)
    {
        var items = new List<YamlTree>();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(Read(parser, errors, depth + 1));
        }
        return new Sequence(line, items);
    }

    private static Mapping ReadMapping(Parser parser, List<string> errors, int depth, long line)
    {
        parser.Consume<MappingStart>();
        var members = new Dictionary<string, YamlTree>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = Read(parser, errors, depth + 1);
            var value = Read(parser, errors, depth + 1);
            if (key is not Scalar name)
            {
                errors.Add($"Line {key.Line}: a key must be a plain word.");
            }
            else if (!members.TryAdd(name.Value, value))
            {
                errors.Add($"Line {key.Line}: '{name.Value}' stands there twice.");
            }
        }
        return new Mapping(line, members);
    }
}
