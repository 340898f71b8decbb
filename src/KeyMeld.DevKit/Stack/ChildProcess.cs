using System.Diagnostics;

namespace KeyMeld.DevKit.Stack;

/// <summary>One supervised program: its output goes to a log file, a line that begins with <c>ready</c> says that it serves.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    // What a program says before it ends with an error is a code, and a line for each thing that is wrong.
    private const int ToldLines = 5;

    private readonly Process process;
    private readonly StreamWriter log;
    private readonly TaskCompletionSource<string> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string pidFile;
    private readonly Lock logLock = new();
    private readonly Queue<string> lastLines = new();

    private ChildProcess(Process process, string name, StreamWriter log, string pidFile)
    {
        (this.process, Name, this.log, this.pidFile) = (process, name, log, pidFile);
        process.OutputDataReceived += (_, line) => OnLine(line.Data);
        process.ErrorDataReceived += (_, line) => OnLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Exit = WaitAsync();
    }

    public string Name { get; }

    public int Id => process.Id;

    /// <summary>Completes with the exit code when the process has ended.</summary>
    public Task<int> Exit { get; }

    /// <summary>Resident memory in bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    public static ChildProcess Start(string name, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, StackLayout layout)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = layout.Data,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // Children inherit nothing by accident: no proxy, no credentials, no runtime hooks.
        start.Environment.Clear();
        foreach (var name2 in (string[])["PATH", "HOME", "TMPDIR", "LANG"])
        {
            if (Environment.GetEnvironmentVariable(name2) is { } value)
            {
                start.Environment[name2] = value;
            }
        }
        start.Environment["DOTNET_ROOT"] = Programs.DotnetRoot;
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        var log = new StreamWriter(new FileStream(layout.Log(name), FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        process.StandardInput.Close();
        var pidFile = layout.PidFile(name);
        File.WriteAllText(pidFile, FormattableString.Invariant($"{process.Id}"));
        return new ChildProcess(process, name, log, pidFile);
    }

    /// <summary>Waits for the ready line and returns it.</summary>
    /// <exception cref="StackException">The process ended first, or took longer than allowed.</exception>
    public async Task<string> ReadyAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var first = await Task.WhenAny(ready.Task, Exit, Task.Delay(patience, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        return first == ready.Task
            ? await ready.Task
            : throw new StackException(first == Exit ? $"{Name} ended with code {await Exit} before it was ready. It said: {LastLines()}" : $"{Name} was not ready after {patience.TotalSeconds:0} s.", Name);
    }

    public void Kill()
    {
        // The number of one that has ended is another's before long.
        if (!process.HasExited)
        {
            StackSignals.Destroy(process.Id);
        }
    }

    public async Task StopAsync(TimeSpan patience)
    {
        if (!process.HasExited)
        {
            StackSignals.Terminate(process.Id);
            if (await Task.WhenAny(Exit, Task.Delay(patience)) != Exit)
            {
                StackSignals.Destroy(process.Id);
            }
        }
        await Exit;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.FromSeconds(10));
        process.Dispose();
        await log.DisposeAsync();
    }

    private string LastLines()
    {
        lock (logLock)
        {
            return string.Join('\n', lastLines);
        }
    }

    private async Task<int> WaitAsync()
    {
        await process.WaitForExitAsync();
        File.Delete(pidFile);
        return process.ExitCode;
    }

    private void OnLine(string? line)
    {
        if (line is null)
        {
            return;
        }
        lock (logLock)
        {
            lastLines.Enqueue(line);
            if (lastLines.Count > ToldLines)
            {
                lastLines.Dequeue();
            }
            try
            {
                log.WriteLine(line);
            }
            catch (ObjectDisposedException)
            {
                // The last lines of a killed child may arrive after the log was closed.
            }
        }
        if (line.StartsWith("ready", StringComparison.Ordinal))
        {
            ready.TrySetResult(line);
        }
    }
}
