using System.Diagnostics;

namespace KeyMeld.IntegrationTests.Support;

/// <summary>A <c>keymeld</c> command that runs until it is stopped.</summary>
internal sealed class CliProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly SemaphoreSlim _more = new(0);

    private CliProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is not null)
            {
                lock (_lines)
                {
                    _lines.Add(line.Data);
                }
            }
            _more.Release();
        };
        process.BeginOutputReadLine();
    }

    public static CliProcess Start(string home, params string[] arguments) => new(Process.Start(CliRun.StartOf(home, arguments))!);

    /// <summary>Waits for a line with this text.</summary>
    public async Task SaysAsync(string text)
    {
        while (true)
        {
            lock (_lines)
            {
                if (_lines.Exists(line => line.Contains(text, StringComparison.Ordinal)))
                {
                    return;
                }
            }
            if (!await _more.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken) || _process.HasExited)
            {
                lock (_lines)
                {
                    Assert.Fail($"It did not say '{text}':\n{string.Join('\n', _lines)}");
                }
            }
        }
    }

    /// <summary>Ctrl-C.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> InterruptAsync()
    {
        using var kill = Process.Start("kill", ["-INT", $"{_process.Id}"]);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }
        _process.Dispose();
        _more.Dispose();
    }
}
