// proc(5): /proc/PID/stat, fields 14 to 17, in ticks of a hundredth of a second; /proc/PID/status.
using System.Globalization;

namespace KeyMeld.DevKit.Databases;

/// <summary>What a server with all its processes uses.</summary>
/// <param name="Processor">Processor time, also of connections that are closed.</param>
/// <param name="ResidentBytes">Memory; what the processes share is counted once.</param>
public sealed record PostgresUse(TimeSpan Processor, long ResidentBytes)
{
    private const int TicksPerSecond = 100;

    internal static PostgresUse Of(int server)
    {
        var (ticks, own, shared) = (0L, 0L, 0L);
        foreach (var id in server == 0 ? [] : (int[])[server, .. Children(server)])
        {
            try
            {
                // After the program's name, which is in parentheses and may hold anything, the first field is the third.
                var text = File.ReadAllText($"/proc/{id}/stat");
                var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
                // A process that has ended counts with the one that waited for it.
                ticks += fields[11..(id == server ? 15 : 13)].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
                var status = File.ReadAllLines($"/proc/{id}/status");
                own += KibiBytes(status, "RssAnon:") * 1024;
                shared = Math.Max(shared, KibiBytes(status, "RssShmem:") * 1024);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // A connection that was closed in between.
            }
        }
        return new PostgresUse(TimeSpan.FromSeconds(ticks / (double)TicksPerSecond), own + shared);
    }

    private static IEnumerable<int> Children(int server) =>
        File.ReadAllText($"/proc/{server}/task/{server}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture));

    private static long KibiBytes(string[] status, string name) =>
        status.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line ? long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) : 0;
}
