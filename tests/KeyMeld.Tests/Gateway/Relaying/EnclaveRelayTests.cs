using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using KeyMeld.Tests.Enclave.Support;
using Microsoft.Extensions.Time.Testing;

namespace KeyMeld.Tests.Gateway.Relaying;

/// <summary>The relay's own side: who gets through to an enclave of this host, and who does not. Enclaves trust nobody who calls; what is at stake is their time.</summary>
public class EnclaveRelayTests
{
    public enum Caller
    {
        WithoutCertificate,
        OfAnotherRoot,
        Expired,
        NotYetValid,
        OfAnotherName,
        WithAServersCertificate,
        SelfSigned,
        SignedByAMember,
    }

    public static TheoryData<Caller> Callers => [.. Enum.GetValues<Caller>()];

    [Fact]
    public async Task A_listed_gateway_reaches_the_enclave_it_names()
    {
        await using var world = await RelayWorld.StartAsync();

        Assert.Equal("0 hello", await world.CallAsync(world.CallerSettings()));
        Assert.Equal("1 hello", await world.CallAsync(world.CallerSettings(), enclave: 1));
    }

    [Theory]
    [MemberData(nameof(Callers))]
    public async Task N06_a_caller_without_a_certificate_for_it_reaches_no_enclave(Caller caller)
    {
        await using var world = await RelayWorld.StartAsync();
        using var other = new TestAuthority("relay root");
        using var member = world.Authority.Issue(RelayWorld.Caller, forServers: false);
        var settings = caller switch
        {
            Caller.OfAnotherRoot => world.CallerSettings(other.Issue(RelayWorld.Caller, forServers: false)),
            Caller.Expired => world.CallerSettings(world.Authority.Issue(RelayWorld.Caller, from: -10, to: -1, forServers: false)),
            Caller.NotYetValid => world.CallerSettings(world.Authority.Issue(RelayWorld.Caller, from: 1, to: 10, forServers: false)),
            Caller.OfAnotherName => world.CallerSettings(world.Authority.Issue("gateway-c.internal", forServers: false)),
            Caller.WithAServersCertificate => world.CallerSettings(world.Authority.Issue(RelayWorld.Caller)),
            Caller.SelfSigned => world.CallerSettings(TestAuthority.SelfSigned(RelayWorld.Caller)),
            Caller.SignedByAMember => world.CallerSettings(TestAuthority.IssueUnder(member, RelayWorld.Caller)),
            _ => world.CallerSettings(),
        };

        Assert.Null(await world.CallAsync(settings, change: options => options.ClientCertificateContext = caller is Caller.WithoutCertificate ? null : options.ClientCertificateContext));

        Assert.Equal(0, world.Reached);
        Assert.Equal("0 hello", await world.CallAsync(world.CallerSettings()));
    }

    [Theory]
    [InlineData(2u, "an enclave that does not exist")]
    [InlineData(7u, "an enclave of another host, which is not handed on a second time")]
    public async Task N06_nothing_but_the_enclaves_of_this_host_is_reached(uint enclave, string what)
    {
        await using var world = await RelayWorld.StartAsync();

        Assert.True(await world.CallAsync(world.CallerSettings(), enclave) is null, what);
        Assert.Null(await world.CallAsync(world.CallerSettings(), change: options => options.ApplicationProtocols = [SslApplicationProtocol.Http2]));
        Assert.Null(await world.CallAsync(world.CallerSettings(), change: options => options.ApplicationProtocols = null));

        Assert.Equal(0, world.Reached);
        Assert.Equal("1 hello", await world.CallAsync(world.CallerSettings(), enclave: 1));
    }

    [Fact]
    public async Task Older_versions_of_TLS_are_refused()
    {
        await using var world = await RelayWorld.StartAsync();

        Assert.Null(await world.CallAsync(world.CallerSettings(), change: options => options.EnabledSslProtocols = SslProtocols.Tls12));
        Assert.Equal(0, world.Reached);
    }

    [Fact]
    public async Task A_renewed_certificate_counts_from_the_next_connection_on()
    {
        await using var world = await RelayWorld.StartAsync();
        world.WriteServer(world.Authority.Issue("moved.internal"));

        Assert.Null(await world.CallAsync(world.CallerSettings()));
        world.WriteServer(world.Authority.Issue(RelayWorld.Host));
        Assert.Equal("0 hello", await world.CallAsync(world.CallerSettings()));
    }

    [Fact]
    public async Task N05_a_caller_who_shakes_no_hands_is_hung_up_on_and_the_places_are_free_again()
    {
        var time = new FakeTimeProvider();
        await using var world = await RelayWorld.StartAsync(connections: 1, time: time);
        using var silent = new TcpClient();
        await silent.ConnectAsync("127.0.0.1", world.Port, TestContext.Current.CancellationToken);
        // The only place is taken: the next one is closed at once.
        string? answer;
        using (var second = new TcpClient())
        {
            await second.ConnectAsync("127.0.0.1", world.Port, TestContext.Current.CancellationToken);
            Assert.True(await IsEndedAsync(second));
        }

        var over = IsEndedAsync(silent);
        while (!over.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(6));
            await Task.WhenAny(over, Task.Delay(20, TestContext.Current.CancellationToken));
        }
        Assert.True(await over);

        // The place is given back a moment after the caller sees the end.
        while ((answer = await world.CallAsync(world.CallerSettings())) is null)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        }
        Assert.Equal("0 hello", answer);
    }

    private static async Task<bool> IsEndedAsync(TcpClient client)
    {
        try
        {
            return await client.GetStream().ReadAsync(new byte[1], TestContext.Current.CancellationToken) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
