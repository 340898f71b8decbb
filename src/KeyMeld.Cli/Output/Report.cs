using System.Text.Json;
using Spectre.Console;

namespace KeyMeld.Cli.Output;

/// <summary>What commands print: tables and sentences for people, JSON lines with <c>--json</c>.</summary>
internal static class Report
{
    /// <summary>Whether the output is for a machine.</summary>
    public static bool Json { get; set; }

    /// <summary>A sentence; nothing for machines.</summary>
    public static void Say(string sentence)
    {
        if (!Json)
        {
            AnsiConsole.WriteLine(sentence);
        }
    }

    /// <summary>A warning people must not miss; nothing for machines.</summary>
    public static void Warn(string sentence)
    {
        if (!Json)
        {
            AnsiConsole.MarkupLineInterpolated($"[yellow]{sentence}[/]");
        }
    }

    /// <summary>What a column or fact is called in JSON.</summary>
    public static string Key(string name) => name.Replace(' ', '_').ToLowerInvariant();

    /// <summary>One bare value, for scripts and pipes.</summary>
    public static void Value(string value) => Console.Out.WriteLine(value);

    /// <summary>The result of a command: an object for machines, names and values for people.</summary>
    public static void Facts(params (string Name, string? Value)[] facts)
    {
        if (Json)
        {
            Console.Out.WriteLine(JsonLine.Of(json =>
            {
                foreach (var (name, value) in facts)
                {
                    json.WriteString(Key(name), value);
                }
            }));
            return;
        }
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn(new GridColumn());
        foreach (var (name, value) in facts)
        {
            grid.AddRow(new Text(name), new Text(value ?? "-"));
        }
        AnsiConsole.Write(grid);
    }

    /// <summary>Rows: an array of objects for machines, a table for people.</summary>
    public static void Table(string name, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string?>> rows)
    {
        if (Json)
        {
            Console.Out.WriteLine(JsonLine.Of(json => WriteRows(json, name, columns, rows)));
            return;
        }
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column)));
        }
        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(cell ?? "-")));
        }
        AnsiConsole.Write(table);
    }

    private static void WriteRows(Utf8JsonWriter json, string name, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string?>> rows)
    {
        json.WriteStartArray(Key(name));
        foreach (var row in rows)
        {
            json.WriteStartObject();
            for (var i = 0; i < columns.Count; i++)
            {
                json.WriteString(Key(columns[i]), row[i]);
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
