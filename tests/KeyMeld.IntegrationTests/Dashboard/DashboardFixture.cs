using KeyMeld.DevKit.Stack;
using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.Dashboard;

/// <summary>One browser and one stack of its own (an enclave is killed), for all walks through the dashboard.</summary>
public sealed class DashboardFixture : IAsyncLifetime
{
    private Browser? _browser;
    private DevelopmentStack? _stack;

    internal Browser Browser => _browser!;

    public DevelopmentStack Stack => _stack!;

    /// <summary>Started by the first test, so that a skip is a test's and not a failed fixture.</summary>
    public async Task StartAsync()
    {
        _browser ??= await Browser.StartAsync();
        _stack ??= await StackFixture.OwnStackAsync();
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }
        if (_stack is not null)
        {
            await _stack.DisposeAsync();
            Directory.Delete(_stack.Layout.Data, recursive: true);
        }
    }
}
