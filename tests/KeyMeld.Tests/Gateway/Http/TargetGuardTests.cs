using System.Text.Json;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Tests.Gateway.Fuzzing;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Http;

/// <summary>Paths as an attacker writes them, on every route the gateway has, pages and files included.</summary>
public sealed class TargetGuardTests
{
    [Fact]
    public async Task N03_paths_that_leave_bend_or_encode_a_route_are_not_found_on_any_route()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, overrides: TestGateway.Unhurried());
        var key = new TestKey(gateway);
        await key.AddAsync();
        var before = File.ReadAllBytes(gateway.Database);
        var routes = gateway.Routes.Select(route => (Path: route.RoutePattern.RawText!, Method: route.Metadata.GetRequiredMetadata<Microsoft.AspNetCore.Routing.HttpMethodMetadata>().HttpMethods[0])).ToList();
        Assert.True(routes.Count > 20);
        foreach (var (path, method) in routes)
        {
            // A real object, so that what is refused is the writing and not the thing.
            var good = path.Replace("{id}", path.Contains("/keys/", StringComparison.Ordinal) ? key.Id.ToString() : "0", StringComparison.Ordinal)
                .Replace("{change}", "genesis", StringComparison.Ordinal).Replace("{group}", new string('0', 64), StringComparison.Ordinal).Replace("{request}", new string('0', 64), StringComparison.Ordinal);
            foreach (var target in Bent(good))
            {
                var answer = await new RawCall(method, target, [("Host", "gateway"), ("Connection", "close"), ("Content-Type", "application/json"), ("Content-Length", "2")], "{}"u8.ToArray())
                    .SendAsync(gateway.Http.BaseAddress!, TestContext.Current.CancellationToken);
                // What is no target at all the server refuses before the gateway sees it.
                Assert.True(answer.Status == 404 ? IsNotFound(answer) : answer is { Status: 400, Body.Length: 0 }, $"{answer.Status} to {method} {target}");
            }
        }
        Assert.Equal(before, File.ReadAllBytes(gateway.Database));
        Assert.Equal(System.Net.HttpStatusCode.OK, (await gateway.GetAsync(key.Path, key.Auth)).Status);
    }

    private static bool IsNotFound(RawAnswer answer) =>
        answer.MediaType == "application/problem+json" && JsonSerializer.Deserialize(answer.Body, ProtocolJson.Default.ProblemJson)!.Code == ErrorCodes.NotFound;

    private static IEnumerable<string> Bent(string path)
    {
        var root = path == "/" ? "" : path;
        yield return root + "/../../etc/passwd";
        yield return "/.." + path;
        yield return "/x/.." + path;
        yield return root + "/.";
        yield return root + "/%2e%2e/%2e%2e/etc/passwd";
        yield return root + "/..%2f..%2fetc%2fpasswd";
        yield return root + "/..\\..\\windows";
        yield return "/" + path;
        yield return "/%2f" + root;
        yield return root + "%00";
        yield return root + "%0d%0aX-Injected:1";
        yield return root + ";x=1";
        yield return root + "/%c0%ae%c0%ae/";
        yield return "http://evil.example" + path;
        yield return "https://gateway" + path;
        if (path.Length > 1)
        {
            yield return path + "/";
            yield return path.Insert(path.LastIndexOf('/'), "/");
            yield return path.ToUpperInvariant();
            yield return "/%" + ((int)path[1]).ToString("x2", System.Globalization.CultureInfo.InvariantCulture) + path[2..];
        }
    }
}
