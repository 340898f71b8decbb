using System.Collections.Concurrent;
using System.Diagnostics;
using KeyMeld.DevKit.Stack;

namespace KeyMeld.Tests.Enclave.Support;

/// <summary>A program of the product as a process, with what it wrote. It finds the given environment and nothing else.</summary>
internal sealed class ChildProgram : IAsyncDisposable
{
    /// <summary>Only a guard against hanging.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Process _process;
    private readonly Task _exit;
    private readonly ConcurrentQueue<string> _lines = [];
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProgram(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Start();
        Id = _process.Id;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _exit = _process.WaitForExitAsync(CancellationToken.None);
    }

    public int Id { get; }

    /// <summary>Everything it wrote so far, to either stream.</summary>
    public string Output => string.Join('\n', _lines);

    public bool HasExited => _exit.IsCompleted;

    /// <summary>The line that says it serves, once it was written.</summary>
    public string? ReadyLine => _ready.Task.IsCompletedSuccessfully ? _ready.Task.Result : null;

    public static ChildProgram Start(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment) => new(StartInfo(program, arguments, environment));

    /// <summary>Runs a program to its end, which it reaches by itself only when it refuses to start.</summary>
    /// <returns>The exit code and everything it wrote.</returns>
    public static async Task<(int Code, string Output)> RunToEndAsync(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        using var process = Process.Start(StartInfo(program, arguments, environment))!;
        var texts = Task.WhenAll(process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        try
        {
            var output = string.Concat(await texts.WaitAsync(Patience, TestContext.Current.CancellationToken));
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (process.ExitCode, output);
        }
        finally
        {
            process.Kill();
        }
    }

    public async Task ReadyAsync()
    {
        var first = await Task.WhenAny(_ready.Task, _exit).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.True(first == _ready.Task, "The program ended: " + Output);
    }

    /// <summary>SIGKILL, as a crash. Returns when it is gone; nothing is done to one that is gone already.</summary>
    public async Task KillAsync()
    {
        if (HasExited)
        {
            return;
        }
        StackSignals.Destroy(Id);
        await _exit;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private static ProcessStartInfo StartInfo(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Clear();
        start.Environment["DOTNET_ROOT"] = Programs.DotnetRoot;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        return start;
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }
        _lines.Enqueue(line);
        if (line.StartsWith("ready", StringComparison.Ordinal))
        {
            _ready.TrySetResult(line);
        }
    }
}
