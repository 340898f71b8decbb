using System.Diagnostics;
using System.Text.Json.Nodes;

namespace KeyMeld.IntegrationTests.Interop;

/// <summary>A script, of tests/interop or another, as a process of its own: one JSON object a line in each direction.</summary>
internal sealed class NodeScript : IAsyncDisposable
{
    private readonly Process _process;
    private readonly SemaphoreSlim _oneAtATime = new(1);

    private NodeScript(Process process) => _process = process;

    public static async Task<NodeScript> StartAsync(string script)
    {
        var folder = await NodePackage.FolderAsync();
        return Start(folder, Path.Combine(folder, script));
    }

    /// <summary>Any script that speaks the same way, with its arguments.</summary>
    public static NodeScript Start(string folder, params string[] arguments) => new(Process.Start(new ProcessStartInfo("node", arguments)
    {
        WorkingDirectory = folder,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!);

    /// <summary>Asks and returns the answer; an error of the script fails the test.</summary>
    public async Task<JsonObject> AskAsync(string operation, JsonObject? request = null)
    {
        request ??= [];
        request["op"] = operation;
        await _oneAtATime.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            await _process.StandardInput.WriteLineAsync(request.ToJsonString());
            await _process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
            var line = await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            Assert.NotNull(line);
            var answer = JsonNode.Parse(line)!.AsObject();
            Assert.False(answer.ContainsKey("error"), line);
            return answer;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public async Task<string> AskAsync(string operation, string member, JsonObject? request = null) => (await AskAsync(operation, request))[member]!.GetValue<string>();

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _oneAtATime.Dispose();
    }
}
