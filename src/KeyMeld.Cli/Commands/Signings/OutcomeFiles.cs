using System.CommandLine;
using KeyMeld.Client;

namespace KeyMeld.Cli.Commands.Signings;

/// <summary>Where a command writes signatures: one file for all items, or a file each.</summary>
/// <param name="Folder"><c>--out</c>: a folder for a file each.</param>
/// <param name="Results"><c>--results</c>: one file, CSV or JSON by its name.</param>
internal sealed record OutcomeFiles(string? Folder, string? Results)
{
    private static readonly Option<string?> Out = new("--out") { Description = "Write each signature to a file in this folder." };
    private static readonly Option<string?> All = new("--results") { Description = "Write every item with its signature, or its error and who is to blame, to this file: CSV if it ends in .csv, else JSON." };

    public static OutcomeFiles None { get; } = new(null, null);

    public static Command AddTo(Command command)
    {
        command.Options.Add(Out);
        command.Options.Add(All);
        return command;
    }

    public static OutcomeFiles Of(ParseResult parsed) => new(parsed.GetValue(Out), parsed.GetValue(All));

    public void Write(IReadOnlyList<SignedItem> items, IReadOnlyList<IReadOnlyList<string?>> rows)
    {
        if (Results is not null)
        {
            OutcomeRows.Write(Results, rows);
        }
        if (Folder is null)
        {
            return;
        }
        Directory.CreateDirectory(Folder);
        var files = items.Zip(rows).Select(item => (Name: FileName(item.Second[0]!), Of(item.First).Kind, Of(item.First).Text));
        // One name may have several: a message signed under several keys, a pre-signature for each point. Then they are numbered.
        foreach (var named in files.Where(file => file.Kind.Length > 0).GroupBy(file => (file.Name, file.Kind)))
        {
            var several = named.Skip(1).Any();
            foreach (var (number, file) in named.Index())
            {
                File.WriteAllText(Path.Combine(Folder, several ? $"{file.Name}.{number}.{file.Kind}" : $"{file.Name}.{file.Kind}"), file.Text + "\n");
            }
        }
    }

    private static (string Kind, string Text) Of(SignedItem item) => item switch
    {
        SignedItem.Signed signed => ("sig", signed.Signature.ToString()),
        SignedItem.PreSigned pre => ("presig", pre.PreSignature.PreSignature.ToString()),
        _ => ("", ""),
    };

    private static string FileName(string name) => Path.GetFileName(name) is { Length: > 0 } file ? file : "item";
}
