using System.Net;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Http;

/// <summary>Streams of states, and callers that lose and take them up again.</summary>
public sealed class EventStreamTests : IAsyncLifetime
{
    private TestGateway _gateway = null!;

    public async ValueTask InitializeAsync() => _gateway = await TestGateway.StartAsync();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task A_group_is_watched_from_its_first_state_to_its_last_each_with_an_id()
    {
        var group = TestGroup.Make(_gateway);
        await group.CreateAsync();
        await using var watcher = await Watcher.OpenAsync(_gateway, group.Path, group.Creator);
        Assert.Equal(("joining-0", "{\"state\":\"joining\"}"), await watcher.NextAsync());
        await group.JoinAsync(0);
        Assert.Equal("joining-1", (await watcher.NextAsync())!.Value.Id);
        await group.JoinAsync(1);
        var last = await watcher.LastAsync();
        Assert.Equal(("formed-2", "{\"state\":\"formed\"}"), last);
    }

    [Fact]
    public async Task Who_comes_back_with_the_last_id_hears_only_what_is_new()
    {
        var group = TestGroup.Make(_gateway);
        await group.CreateAsync();
        await using var watcher = await Watcher.OpenAsync(_gateway, group.Path, group.Creator, "joining-0");
        await group.JoinAsync(0);
        Assert.Equal("joining-1", (await watcher.NextAsync())!.Value.Id);
        await using var behind = await Watcher.OpenAsync(_gateway, group.Path, group.Creator, "joining-0");
        Assert.Equal("joining-1", (await behind.NextAsync())!.Value.Id);
    }

    [Fact]
    public async Task Who_knows_the_end_is_told_not_to_come_back()
    {
        var signing = new TestSigning(await TestGroup.FormAsync(_gateway));
        await signing.SignAsync();
        await using (var watcher = await Watcher.OpenAsync(_gateway, signing.Path, signing.Group.Creator))
        {
            var only = await watcher.NextAsync();
            Assert.Equal("completed-1", only!.Value.Id);
            Assert.Null(await watcher.NextAsync());
        }
        await using var back = await Watcher.OpenAsync(_gateway, signing.Path, signing.Group.Creator, "completed-1");
        Assert.Equal(HttpStatusCode.NoContent, back.Status);
        await using var lost = await Watcher.OpenAsync(_gateway, signing.Path, signing.Group.Creator, "running-1");
        Assert.Equal("completed-1", (await lost.NextAsync())!.Value.Id);
    }

    private sealed class Watcher(HttpResponseMessage response, StreamReader lines) : IAsyncDisposable
    {
        public HttpStatusCode Status => response.StatusCode;

        public static async Task<Watcher> OpenAsync(TestGateway gateway, string path, SecretKey reader, string? last = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path + "/events");
            request.Headers.TryAddWithoutValidation("Authorization", gateway.Authorize(HttpMethod.Get, path + "/events", [], reader));
            if (last is not null)
            {
                request.Headers.Add("Last-Event-ID", last);
            }
            var response = await gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            return new Watcher(response, new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)));
        }

        /// <summary>The next event; null at the end.</summary>
        public async Task<(string Id, string Data)?> NextAsync()
        {
            var (id, data) = ("", "");
            while (await lines.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            {
                if (line.Length == 0 && data.Length > 0)
                {
                    return (id, data);
                }
                id = line.StartsWith("id: ", StringComparison.Ordinal) ? line[4..] : id;
                data = line.StartsWith("data: ", StringComparison.Ordinal) ? line[6..] : data;
            }
            return null;
        }

        public async Task<(string Id, string Data)?> LastAsync()
        {
            var last = await NextAsync();
            while (await NextAsync() is { } next)
            {
                last = next;
            }
            return last;
        }

        public ValueTask DisposeAsync()
        {
            lines.Dispose();
            response.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
