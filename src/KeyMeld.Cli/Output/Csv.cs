// RFC 4180: fields separated by commas, in quotes where they hold a comma, a quote (doubled) or a line break.
using System.Text;

namespace KeyMeld.Cli.Output;

/// <summary>Comma-separated values.</summary>
internal static class Csv
{
    /// <summary>Reads rows; empty lines are none.</summary>
    public static IEnumerable<IReadOnlyList<string>> Parse(string text)
    {
        var row = new List<string>();
        var field = new StringBuilder();
        var (quoted, started) = (false, false);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quoted)
            {
                if (c != '"')
                {
                    field.Append(c);
                }
                else if (i + 1 < text.Length && text[i + 1] == '"')
                {
                    field.Append(text[++i]);
                }
                else
                {
                    quoted = false;
                }
                continue;
            }
            switch (c)
            {
                case '"' when field.Length == 0:
                    (quoted, started) = (true, true);
                    break;
                case ',':
                    row.Add(field.ToString());
                    field.Clear();
                    started = true;
                    break;
                case '\r':
                    break;
                case '\n':
                    if (started || field.Length > 0)
                    {
                        row.Add(field.ToString());
                        yield return row;
                    }
                    (row, started) = ([], false);
                    field.Clear();
                    break;
                default:
                    field.Append(c);
                    break;
            }
        }
        if (started || field.Length > 0)
        {
            row.Add(field.ToString());
            yield return row;
        }
    }

    /// <summary>One line.</summary>
    public static string Line(IEnumerable<string?> fields) => string.Join(',', fields.Select(field => field is null ? "" : field.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? $"\"{field.Replace("\"", "\"\"")}\"" : field));
}
