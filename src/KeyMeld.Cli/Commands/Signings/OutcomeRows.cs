using System.Text;
using KeyMeld.Cli.Output;
using KeyMeld.Client;

namespace KeyMeld.Cli.Commands.Signings;

/// <summary>The items of a result as rows, and as a file of their own.</summary>
internal static class OutcomeRows
{
    /// <summary>How many columns are there whatever the items are.</summary>
    public const int Always = 4;
    private const int Error = 6;
    public static readonly string[] Columns = ["item", "message", "output key", "signature", "adaptor point", "presignature", "error", "culprit"];

    public static bool HasFailed(IReadOnlyList<string?> row) => row[Error] is not null;

    public static IReadOnlyList<string?> Of(SignedItem item, string name) => item switch
    {
        SignedItem.Signed signed => [name, signed.Message.ToString(), signed.OutputKey.ToString(), signed.Signature.ToString(), null, null, null, null],
        SignedItem.PreSigned { PreSignature: var verified } pre => [name, pre.Message.ToString(), verified.Key.ToString(), null, verified.Point.ToString(), verified.PreSignature.ToString(), null, null],
        SignedItem.Failed failed => [name, failed.Message.ToString(), null, null, null, null, failed.Error, failed.Culprit?.ToString()],
        _ => throw new ArgumentOutOfRangeException(nameof(item)),
    };

    /// <summary>Writes every item: CSV where the name ends so, else a JSON array.</summary>
    public static void Write(string path, IEnumerable<IReadOnlyList<string?>> rows)
    {
        using var file = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        if (path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase))
        {
            file.Write(Csv.Line(Columns.Select(Report.Key)) + "\n");
            foreach (var row in rows)
            {
                file.Write(Csv.Line(row) + "\n");
            }
            return;
        }
        var before = "[\n  ";
        foreach (var row in rows)
        {
            file.Write(before + JsonLine.Of(json =>
            {
                foreach (var (column, value) in Columns.Zip(row).Where(field => field.Second is not null))
                {
                    json.WriteString(Report.Key(column), value);
                }
            }));
            before = ",\n  ";
        }
        file.Write("\n]\n");
    }
}
