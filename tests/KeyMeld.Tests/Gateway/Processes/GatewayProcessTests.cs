using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using KeyMeld.DevKit.Stack;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Tests.Gateway.Fuzzing;
using KeyMeld.Tests.Gateway.OpenApi;
using KeyMeld.Tests.Gateway.OpenApi.Examples;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Processes;

/// <summary>
/// The program itself, the published one where KEYMELD_PROGRAMS says so: a type that is missing in a JSON context, a resource or a code path that trimming took shows at run time only, so that every
/// call of the document is made.
/// </summary>
public sealed class GatewayProcessTests
{
    [Fact]
    public async Task Every_call_of_the_document_is_answered_by_the_program_as_documented()
    {
        await using var example = await StartAsync();
        var called = new HashSet<string>();
        foreach (var step in await ExampleScript.RunAsync(example))
        {
            var call = ApiDocument.Committed.Calls.Single(call => call.Id == step.Operation);
            called.Add(call.Id);
            var promised = (System.Text.Json.Nodes.JsonObject?)call.Node["responses"]![step.Status.ToString(CultureInfo.InvariantCulture)];
            Assert.True(promised?["content"]?[step.MediaType!]?["examples"]?[step.Name] is not null, $"{call.Id} {step.Name} is answered {step.Status} {step.Answer}");
            Assert.Null(call.IsStream ? null : ApiDocument.Committed.Complaint(call, step.Status, step.MediaType, ExampleStep.Bytes(step.Answer)));
        }
        foreach (var call in ApiDocument.Committed.Calls.Where(call => !called.Contains(call.Id)))
        {
            Assert.Equal("GET", call.Method);
            var answer = await new RawCall("GET", call.Path, [("Host", "gateway"), ("Connection", "close"), ("Authorization", "Bearer " + ExampleGateway.OperatorToken)], [])
                .SendAsync(example.Address, TestContext.Current.CancellationToken);
            Assert.Equal((200, null), (answer.Status, call.IsStream ? null : ApiDocument.Committed.Complaint(call, answer.Status, answer.MediaType, answer.Body)));
            if (call.Id == "openApi")
            {
                Assert.Equal(File.ReadAllBytes(Path.Combine(KeyMeld.Tests.Support.Vectors.SourceRoot(), "docs", "api", "openapi.json")), answer.Body);
            }
        }
    }

    private static async Task<ExampleGateway> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("km-");
        var run = folder.CreateSubdirectory("run");
        File.SetUnixFileMode(run.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var enclave = new FakeEnclave(0, run.FullName);
        await enclave.StartAsync();
        var file = Path.Combine(folder.FullName, "gateway.yaml");
        await File.WriteAllTextAsync(file, $$"""
            mode: development
            server: { listen: "http://127.0.0.1:0", public_url: "http://{{TestGateway.Authority}}" }
            storage: { kind: sqlite, path: "{{folder.FullName}}/data/keymeld.db" }
            kms: { enabled: true, endpoint_url: "http://localhost:4566", key_id: "alias/keymeld", enable_attestation: false }
            operator: { token_sha256: "{{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ExampleGateway.OperatorToken)))}}" }
            enclaves: [ { id: 0, address: "{{enclave.Address}}" } ]
            """, TestContext.Current.CancellationToken);
        var program = ChildProgram.Start(Programs.Find("KeyMeld.Gateway"), ["--config", file], new Dictionary<string, string>());
        await program.ReadyAsync();
        var address = new Uri(program.ReadyLine!["ready ".Length..]);
        var example = new ExampleGateway(address, enclave, TimeProvider.System, async () =>
        {
            await program.DisposeAsync();
            await enclave.DisposeAsync();
            folder.Delete(recursive: true);
        });
        await Eventually.TrueAsync(() => IsReadyAsync(address).GetAwaiter().GetResult());
        return example;
    }

    private static async Task<bool> IsReadyAsync(Uri address) =>
        (await new RawCall("GET", "/api/v1/health/ready", [("Host", "gateway"), ("Connection", "close")], []).SendAsync(address, TestContext.Current.CancellationToken)).Status == 200;
}
