using System.Text.Json.Nodes;
using KeyMeld.Client;
using KeyMeld.DevKit.Stack;
using KeyMeld.IntegrationTests.Interop;
using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.TypeScript;

/// <summary>Somebody whose client is clients/typescript in a Node process of its own (test/stack/peer.ts), with a profile on disk.</summary>
internal sealed class TypeScriptPeer : IAsyncDisposable
{
    private readonly NodeScript _script;
    private readonly string _folder;

    private TypeScriptPeer(NodeScript script, string folder) => (_script, _folder) = (script, folder);

    public static async Task<TypeScriptPeer> StartAsync(DevelopmentStack stack, string? folder = null)
    {
        var script = NodeScript.Start(TypeScriptClient.Folder, await TypeScriptClient.ScriptAsync("test/stack/peer.js"));
        var peer = new TypeScriptPeer(script, folder ?? StackFixture.NewFolder("typescript"));
        await script.AskAsync("open", new JsonObject { ["gateway"] = stack.Gateway.AbsoluteUri, ["root"] = stack.Layout.RootCertificate, ["folder"] = peer._folder });
        return peer;
    }

    /// <summary>The profile's folder, for another process to open after this one has ended.</summary>
    public string Folder => _folder;

    public Task<JsonObject> AskAsync(string operation, JsonObject? request = null) => _script.AskAsync(operation, request);

    public Task<JsonObject> AskAsync(string operation, SigningReference reference) => _script.AskAsync(operation, new JsonObject { ["reference"] = reference.ToString() });

    /// <summary>The code something is refused with.</summary>
    public async Task<string> RefusalAsync(string operation, JsonObject request)
    {
        request["refused"] = true;
        var answer = await _script.AskAsync(operation, request);
        return answer["refusal"]?.GetValue<string>() ?? $"none: {answer.ToJsonString()}";
    }

    public ValueTask DisposeAsync() => _script.DisposeAsync();
}
