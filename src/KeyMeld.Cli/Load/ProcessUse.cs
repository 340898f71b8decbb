using System.Collections.Immutable;
using System.Diagnostics;
using KeyMeld.DevKit.Stack;

namespace KeyMeld.Cli.Load;

/// <summary>What the processes of a stack and this one use of the processors while a load is measured, and hold of memory at its end.</summary>
internal sealed class ProcessUse(DevelopmentStack stack)
{
    /// <summary>What this process is called among those of the stack.</summary>
    public const string Client = "client";

    private Dictionary<string, (int Id, TimeSpan Time)> _begin = [];

    /// <summary>Where the measuring begins (true) and where it ends.</summary>
    public void Mark(bool begins)
    {
        var now = Look();
        if (begins)
        {
            _begin = now.ToDictionary(process => process.Name, process => (process.Id, process.Time));
            return;
        }
        // A process that was started anew meanwhile began at zero.
        Rows = [.. now.Select(process => new ProcessRow(process.Name, process.Time - (_begin.TryGetValue(process.Name, out var before) && before.Id == process.Id ? before.Time : TimeSpan.Zero), process.Resident))];
    }

    public ImmutableArray<ProcessRow> Rows { get; private set; } = [];

    private List<(string Name, int Id, TimeSpan Time, long Resident)> Look() =>
    [
        (Client, Environment.ProcessId, Environment.CpuUsage.TotalTime, Environment.WorkingSet),
        .. stack.Processes().Select(child =>
        {
            using var process = Process.GetProcessById(child.Id);
            return (child.Name, child.Id, process.TotalProcessorTime, child.ResidentBytes);
        }),
        .. stack.Database is { } database && database.Use is var use ? [(DevelopmentStack.DatabaseProgram, database.ProcessId, use.Processor, use.ResidentBytes)] : Array.Empty<(string, int, TimeSpan, long)>(),
    ];
}

/// <param name="Name">The program; with its number where there are several.</param>
/// <param name="Processor">Processor time while it was measured.</param>
/// <param name="ResidentBytes">Memory at the end.</param>
internal sealed record ProcessRow(string Name, TimeSpan Processor, long ResidentBytes);
