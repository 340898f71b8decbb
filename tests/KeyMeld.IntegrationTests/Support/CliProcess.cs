using System.Diagnostics;

namespace KeyMeld.IntegrationTests.Support;

/// <summary>A <c>keymeld</c> command that runs until it is stopped.</summary>
internal sealed class CliProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly SemaphoreSlim _more = new(0);
    private bool _isOver;

    private CliProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) =>
        {
            lock (_lines)
            {
                if (line.Data is null)
                {
                    _isOver = true;
                }
                else
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
        for (var waits = true; ; waits = await _more.WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken))
        {
            lock (_lines)
            {
                if (_lines.Exists(line => line.Contains(text, StringComparison.Ordinal)))
                {
                    return;
                }
                Assert.True(waits && !_isOver, $"It did not say '{text}':\n{string.Join('\n', _lines)}");
            }
        }
    }

    /// <summary>Ctrl-C.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> InterruptAsync()
    {
        using var kill = Process.Start("kill", ["-INT", $"{_process.Id}"]);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
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
