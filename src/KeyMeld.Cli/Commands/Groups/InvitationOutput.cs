using KeyMeld.Cli.Output;
using KeyMeld.Client;

namespace KeyMeld.Cli.Commands.Groups;

/// <summary>Hands out invitations: on the terminal, or each in a file of its own, readable by its owner only.</summary>
internal static class InvitationOutput
{
    public static void Print(CreatedGroup created, string? folder)
    {
        List<IReadOnlyList<string?>> rows = [];
        foreach (var issued in created.Invitations)
        {
            var name = issued.Name ?? $"place-{issued.Place}";
            var text = issued.Invitation.Reveal();
            if (folder is null)
            {
                rows.Add([$"{issued.Place}", name, text]);
                continue;
            }
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var path = Path.Combine(folder, $"{string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-'))}.invitation");
            using var file = new StreamWriter(new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }));
            file.WriteLine(text);
            rows.Add([$"{issued.Place}", name, path]);
        }
        Report.Facts(("group", created.Id.ToString()));
        if (folder is null && !Report.Json)
        {
            // Whole lines: a table would break what has to be copied.
            foreach (var row in rows)
            {
                Report.Say($"{row[1]}:");
                Console.Out.WriteLine(row[2]);
            }
        }
        else
        {
            Report.Table("invitations", ["place", "name", folder is null ? "invitation" : "file"], rows);
        }
        Report.Say("Hand each over privately: who reads one can take that place and can read the group's messages for ever.");
    }
}
